namespace Fairlead.Rpc.Calls;

/// <summary>Carries the frames of a channel to the other side, each with a reply. Any thread.</summary>
internal interface IRpcLane
{
    /// <summary>The other side; null if it is not known, or has gone.</summary>
    Peer? Peer { get; }

    /// <summary>Where the other side is, for errors; null: it is a client.</summary>
    Address? Address { get; }

    /// <summary>Sends a frame, and blocks until the reply is there.</summary>
    /// <param name="frame">Copied before the other side sees it.</param>
    /// <param name="options">The timeout, and whether the frame may be repeated.</param>
    /// <param name="cancellationToken">Gives it up; the other side is told.</param>
    /// <returns>The reply. Dispose it.</returns>
    Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken);

    /// <summary>Sends a frame. The frame is copied before this returns.</summary>
    /// <inheritdoc cref="Request" path="/param|/returns"/>
    ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken);
}

/// <summary>The lane of a client: its connection.</summary>
internal sealed class RequesterLane(Requester requester) : IRpcLane
{
    /// <inheritdoc/>
    public Peer? Peer => requester.Peers is [var server, ..] ? server : null;

    /// <inheritdoc/>
    public Address? Address => requester.Address;

    /// <inheritdoc/>
    public Message Request(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        requester.Request(frame, options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Message> RequestAsync(ReadOnlySpan<byte> frame, RequestOptions options, CancellationToken cancellationToken) =>
        requester.RequestAsync(frame, options, cancellationToken);
}
