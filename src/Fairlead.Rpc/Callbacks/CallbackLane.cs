using Fairlead.Rpc.Calls;

namespace Fairlead.Rpc.Callbacks;

/// <summary>Carries calls from a server to an object of its client.</summary>
/// <param name="session">The session of the client, which the call that passed the object may have overtaken.</param>
/// <param name="target">The number of the object.</param>
internal sealed class CallbackLane(Task<ServerSession> session, int target) : IRpcLane
{
    /// <inheritdoc/>
    public Peer? Peer => session.IsCompletedSuccessfully ? session.Result.Client : null;

    /// <inheritdoc/>
    public Address? Address => null;

    /// <inheritdoc/>
    public ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken) => new(this);

    /// <inheritdoc/>
    public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        CallAsync(frame.ToArray(), options.Timeout, cancellationToken).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        new(CallAsync(frame.ToArray(), options.Timeout, cancellationToken));

    private async Task<Message> CallAsync(byte[] frame, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ServerSession found = await session.WaitAsync(cancellationToken).ConfigureAwait(false);
        return await found.CallAsync(target, frame, timeout, cancellationToken).ConfigureAwait(false);
    }
}
