using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;

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
        // The wait for the session belongs to the time of the call.
        CallTime time = new(frame, new RequestOptions { Timeout = timeout });
        ServerSession found = await FindAsync(timeout, cancellationToken).ConfigureAwait(false);
        return await found.CallAsync(target, frame, time.Left ?? timeout, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ServerSession> FindAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        try
        {
            return await session.WaitAsync(LongestWait.Within(timeout), cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new FairleadException(
                ErrorCode.Timeout,
                "the client whose object was called has opened no session for callbacks in the time of the call",
                "Update Fairlead.Rpc at the client, or raise RpcServerOptions.CallbackTimeout.")
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }
    }
}
