namespace Fairlead.Rpc.Calls;

/// <summary>Carries the frames of a channel to the other side, each with a reply. Any thread.</summary>
internal interface IRpcLane
{
    /// <summary>The other side; null if it is not known, or has gone.</summary>
    Peer? Peer { get; }

    /// <summary>Where the other side is, for errors; null: it is a client.</summary>
    Address? Address { get; }

    /// <summary>Returns the lane to one process, for frames that belong together. Itself, if there is only one.</summary>
    /// <param name="limit">How long to wait for a process at most; null: as long as the client waits for services.</param>
    /// <param name="cancellationToken">Ends the wait for a process.</param>
    /// <exception cref="FairleadException">NotFound: there is none. Timeout: the limit has passed.</exception>
    ValueTask<IRpcLane> PinAsync(TimeSpan? limit, CancellationToken cancellationToken);

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

/// <summary>The lane of a client, which owns its connections.</summary>
internal interface IClientLane : IRpcLane, IAsyncDisposable
{
    /// <summary>Completes when the lane has ended for good.</summary>
    Task Completion { get; }
}
