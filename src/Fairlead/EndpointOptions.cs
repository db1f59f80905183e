namespace Fairlead;

/// <summary>The options for binding or connecting an endpoint. An option in the address overrides the same one here.</summary>
public record EndpointOptions
{
    /// <summary>The most bytes a peer may send before this end's user has read them, 4 KiB to 1 GiB; default 1 MiB.</summary>
    /// <remarks>
    /// Values outside the range become the nearer limit. With a dropping policy, this also limits the bytes that wait at this end for one
    /// peer. In the address: <c>?capacity=4MiB</c>.
    /// </remarks>
    public int MaxUnreadBytes { get; init; } = 1024 * 1024;

    /// <summary>The most messages a peer may send before this end's user has read them, 1 to 1,048,576; default 16,384.</summary>
    /// <remarks>
    /// With a dropping policy, this also limits the messages that wait at this end for one peer. In the address: <c>?messages=100</c>.
    /// </remarks>
    public int MaxUnreadMessages { get; init; } = 16 * 1024;

    /// <summary>The overflow policy for messages that find the peer's queue full.</summary>
    /// <remarks>
    /// With null, the default, senders wait, a <see cref="Publisher"/> drops the newest message, and a broadcast of a <see cref="Hub"/>
    /// disconnects the client. A <see cref="Subscriber"/> asks its publisher for this policy. In the address: <c>?full=drop-oldest</c>.
    /// </remarks>
    public OverflowPolicy? OverflowPolicy { get; init; }

    /// <summary>The longest accepted message in bytes; a longer one ends the connection with <see cref="ErrorCode.TooLarge"/>.</summary>
    /// <remarks>
    /// With null, the default, the limit is 16 MiB, or none between processes of one user on one machine. In the address:
    /// <c>?maxmessage=64MiB</c>.
    /// </remarks>
    public int? MaxMessageBytes { get; init; }

    /// <summary>How long a peer may be silent before this end probes it. After three times as long, the peer counts as dead.</summary>
    /// <remarks>
    /// With null, the default, this is 10 seconds on transports that cross hosts. Other transports have no heartbeat, because the kernel
    /// reports a death immediately. Zero turns heartbeats off. In the address: <c>?heartbeat=5s</c>.
    /// </remarks>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>How long a peer may take for its part of the handshake; default 10 seconds.</summary>
    /// <remarks>On a machine with too many busy processes, one that has just started may need seconds until it introduces itself.</remarks>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long connecting waits for a listener. Default zero: fails immediately with <see cref="ErrorCode.NotFound"/>.</summary>
    /// <remarks>In the address: <c>?wait=5s</c>.</remarks>
    public TimeSpan ConnectTimeout { get; init; }

    /// <summary>How long a connected endpoint tries to get a lost peer back; infinite: until it closes. Default zero: not at all.</summary>
    /// <remarks>
    /// The pauses between attempts double from about 10 ms to about 5 s. Messages sent during that time wait. Requests and receipts in
    /// progress end as they do without this option. Subscriptions are renewed. In the address: <c>?reconnect=30s</c>.
    /// </remarks>
    public TimeSpan ReconnectTimeout { get; init; }

    /// <summary>A text of the endpoint in the registry, where others read it; at most 256 bytes of UTF-8. Default empty.</summary>
    /// <remarks>
    /// <see cref="Diagnostics.EndpointInfo.Label"/> and <c>fairlead list</c> show it. Programs that agree on its form find each other by
    /// it.
    /// </remarks>
    public string Label { get; init; } = "";

    /// <summary>Further addresses for the same peer, tried one after the other.</summary>
    /// <remarks>
    /// Fairlead tries them when connecting and, if the endpoint reconnects, after a loss; then it begins after the lost address. The
    /// options of the first address apply to all. An endpoint is connected to one address at a time
    /// (<see cref="MessagingEndpoint.Address"/>).
    /// </remarks>
    public IReadOnlyList<Address> Alternatives { get; init; } = [];

    /// <summary>Which of several addresses connecting tries first; default: the first in order.</summary>
    public AddressSelection AddressSelection { get; init; }

    /// <summary>Whether callers poll before they sleep. In the address: <c>?waiting=latency</c>.</summary>
    public WaitStrategy WaitStrategy { get; init; }

    /// <summary>How many unread handles (open files, sockets, pipes) each peer may have here, up to 250; default 0: none.</summary>
    /// <remarks>
    /// Peers send them with <see cref="Sender.SendHandleAsync"/>, on <c>unix://</c> only. In the address: <c>?handles=16</c>.
    /// </remarks>
    public int MaxUnreadHandles { get; init; }

    /// <summary>When sent messages leave for the kernel: immediately, in batches, or when flushed.</summary>
    /// <remarks>In the address: <c>?writing=buffered</c>.</remarks>
    public WriteMode WriteMode { get; init; }

    /// <summary>How much a peer learns about an exception of a handler of this endpoint. Default: its type only.</summary>
    /// <remarks>This side gets the whole exception by <see cref="MessagingEndpoint.HandlerFailed"/>.</remarks>
    public ErrorDetails ErrorDetails { get; init; }

    /// <summary>The clock of all timers of the endpoint, and of the timeouts of all its calls.</summary>
    /// <remarks>With your own clock, a blocking call with a timeout creates a timer, which wakes the call.</remarks>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
