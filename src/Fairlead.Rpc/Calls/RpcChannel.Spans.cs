using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc;

/// <content>Calls while spans or durations have a listener.</content>
public sealed partial class RpcChannel
{
    // A call of a client's object has its span at the client. Fairlead's own calls have none.
    private CallSpan? BeginSpan(int member) =>
        _options.IsOwn ? null : CallSpan.BeginAtClient(_wanted, member, hasSpan: Callbacks is not null);

    private bool IsWatched => CallSpan.IsWatchedAtClient && !_options.IsOwn;

    private T CallWatched<T>(int member, scoped ref RpcWriter call, RpcRead<T> read, CancellationToken cancellationToken)
    {
        using CallSpan? span = BeginSpan(member);
        try
        {
            return CallUnwatched(member, ref call, read, cancellationToken);
        }
        catch (Exception exception)
        {
            span?.FailAtClient(exception);
            throw;
        }
    }

    private async ValueTask<T> CallWatchedAsync<T>(int member, Sent call, RpcRead<T> read, CancellationToken cancellationToken)
    {
        using CallSpan? span = BeginSpan(member);
        try
        {
            if (_options.Intercept is not null)
            {
                return await InterceptAsync(member, call, read, cancellationToken).ConfigureAwait(false);
            }

            return await FinishAsync(RequestAsync(member, call.Lane, call.Frame, call.Settings, cancellationToken), read)
                .ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            span?.FailAtClient(exception);
            throw;
        }
    }
}
