using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Matchmaking;

namespace Fairlead.Rpc.Callbacks;

/// <summary>The way of a session to the one process that it belongs to, which may have to appear first.</summary>
/// <remarks>A call waits for that process within its own time limit, and takes no thread if it is awaited.</remarks>
/// <param name="pinned">Completes when the process is known, and the session's own request is on its way.</param>
internal sealed class SessionLane(Task<IRpcLane> pinned) : IRpcLane
{
    /// <inheritdoc/>
    public Peer? Peer => Known?.Peer;

    /// <inheritdoc/>
    public Address? Address => Known?.Address;

    /// <summary>Whether no process was found, or the process has gone.</summary>
    public bool HasFailed => pinned.IsCompleted && Known is null or RequesterLane { IsGone: true };

    private IRpcLane? Known => pinned.IsCompletedSuccessfully ? pinned.Result : null;

    /// <inheritdoc/>
    public ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken) => new(this);

    /// <inheritdoc/>
    public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken)
    {
        if (Known is { } known)
        {
            return known.Request(frame, options, cancellationToken);
        }

        CallTime time = new(frame, options);
        return WaitAsync(time, cancellationToken).GetAwaiter().GetResult().Request(frame, time.Rest(options), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        Known is { } known
        ? known.RequestAsync(frame, options, cancellationToken)
        : RequestLaterAsync(frame.ToArray(), options, cancellationToken);

    private async ValueTask<Message> RequestLaterAsync(byte[] frame, RequestOptions options, CancellationToken cancellationToken)
    {
        CallTime time = new(frame, options);
        IRpcLane known = await WaitAsync(time, cancellationToken).ConfigureAwait(false);
        return await known.RequestAsync(frame, time.Rest(options), cancellationToken).ConfigureAwait(false);
    }

    private async Task<IRpcLane> WaitAsync(CallTime time, CancellationToken cancellationToken)
    {
        try
        {
            return await pinned.WaitAsync(LongestWait.Within(time.Left), cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new FairleadException(
                ErrorCode.Timeout,
                "no instance of the service has taken a connection in the time of the call",
                "Start its server, or allow calls a longer Timeout.")
            {
                Delivery = DeliveryStatus.NotDelivered,
            };
        }
    }
}
