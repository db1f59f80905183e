using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <content>Calls with options.</content>
public sealed partial class RpcChannel
{
    // Fairlead's own calls have none, and an object of a client gets no metadata.
    private CallSettings? SettingsOf(RpcCallOptions? options) =>
        _options.IsOwn ? null : CallSettings.Of(options, takesMetadata: Callbacks is not null);

    private ValueTask<Message> RequestAsync(
        int member, IRpcLane? lane, ReadOnlySpan<byte> frame, CallSettings? settings, CancellationToken cancellationToken)
    {
        if (settings is null)
        {
            return lane is null
                ? _lane.RequestAsync(frame, OptionsOf(member), cancellationToken)
                : RequestAsync(lane, frame.ToArray(), OptionsOf(member), cancellationToken);
        }

        try
        {
            RequestOptions options = settings.Apply(OptionsOf(member));
            return settings.FinishAsync(lane ?? _lane, lane is null
                ? _lane.RequestAsync(frame, options, cancellationToken)
                : RequestAsync(lane, frame.ToArray(), options, cancellationToken));
        }
        catch (FairleadException tooLate)
        {
            return ValueTask.FromException<Message>(tooLate);
        }
    }

    private Message Request(
        IRpcLane lane, ReadOnlySpan<byte> frame, CallSettings settings, int member, CancellationToken cancellationToken)
    {
        try
        {
            return lane.Request(frame, settings.Apply(OptionsOf(member)), cancellationToken);
        }
        catch (FairleadException failure) when (settings.IsNotUnderstood(failure))
        {
            throw CallSettings.NotUnderstood(lane.Address, failure);
        }
    }
}
