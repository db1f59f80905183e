namespace Fairlead;

/// <summary>What an endpoint may be told when it is bound or connected. An option in the address wins over the same one here.</summary>
public record EndpointOptions
{
    /// <summary>
    /// Bytes that a peer may send before this end's user has read them, 4 KiB to 1 GiB (what lies beyond is moved to the nearer end);
    /// default 1 MiB. With a policy that drops, also the bytes that wait at this end for one peer. In the address: <c>?capacity=4MiB</c>.
    /// </summary>
    public int MaxUnreadBytes { get; init; } = 1024 * 1024;

    /// <summary>Messages that a peer may send before this end's user has read them, 1 to 1,048,576; default 16,384.
    /// With a policy that drops, also the messages that wait at this end for one peer. In the address: <c>?messages=100</c>.</summary>
    public int MaxUnreadMessages { get; init; } = 16 * 1024;

    /// <summary>
    /// What is done with a message for which the peer has no room. Null, the default: senders wait, a <see cref="Publisher"/> drops the
    /// newest, a broadcast of a <see cref="Hub"/> disconnects. A <see cref="Subscriber"/> asks its publisher for it. In the address:
    /// <c>?full=drop-oldest</c>.
    /// </summary>
    public OverflowPolicy? OverflowPolicy { get; init; }

    /// <summary>
    /// Longest message in bytes that is accepted; a longer one ends the connection with <see cref="ErrorCode.TooLarge"/>. Null, the
    /// default: no limit between processes of one user on one machine, 16 MiB otherwise. In the address: <c>?maxmessage=64MiB</c>.
    /// </summary>
    public int? MaxMessageBytes { get; init; }

    /// <summary>
    /// A peer that is silent for so long is asked for a sign of life, and given up after three times as long. Null, the default: 10 seconds
    /// on transports that cross hosts, none on others, where the kernel tells of a death at once. Zero: none. In the address:
    /// <c>?heartbeat=5s</c>.
    /// </summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>How long a peer may take for its part of the handshake; default 5 seconds.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long connecting waits for somebody to listen; default zero: it fails at once with <see cref="ErrorCode.NotFound"/>. In the
    /// address: <c>?wait=5s</c>.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; }

    /// <summary>
    /// How long a connected endpoint that has lost its peer tries to get it back, with pauses that double from 10 ms to 5 s, more or less;
    /// infinite: until it is closed. Default zero: not at all. What is sent meanwhile waits; requests and receipts that were under way end
    /// as without it; subscriptions are made again. In the address: <c>?reconnect=30s</c>.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; init; }

    /// <summary>
    /// More addresses where the peer may be, besides the one to connect to: tried one after the other, when connecting and, by an endpoint
    /// that reconnects, after a loss, then beginning behind the one that was lost. The options of the first address hold for all. An
    /// endpoint is connected to one at a time (<see cref="MessagingEndpoint.Address"/>).
    /// </summary>
    public IReadOnlyList<Address> Alternatives { get; init; } = [];

    /// <summary>With which of several addresses connecting begins; default: the first.</summary>
    public AddressSelection AddressSelection { get; init; }

    /// <summary>Whether callers poll before they sleep. In the address: <c>?waiting=latency</c>.</summary>
    public WaitStrategy WaitStrategy { get; init; }

    /// <summary>
    /// How many open files, sockets and pipes that peers send (<see cref="Sender.SendHandleAsync"/>) each of them may leave unread here, up
    /// to 250; default 0: none is taken. On <c>unix://</c> alone. In the address: <c>?handles=16</c>.
    /// </summary>
    public int MaxUnreadHandles { get; init; }

    /// <summary>
    /// When what is sent leaves for the kernel: at once, in batches, or when it is flushed. In the address: <c>?writing=buffered</c>.
    /// </summary>
    public WriteMode WriteMode { get; init; }

    /// <summary>
    /// What a peer is told of an exception that a handler of this endpoint has thrown. Default: its type alone. This side gets all of it by
    /// <see cref="MessagingEndpoint.HandlerFailed"/>.
    /// </summary>
    public ErrorDetails ErrorDetails { get; init; }

    /// <summary>
    /// The clock of every timer of the endpoint, and of the time-outs of all its calls. With a clock of your own, a call that blocks under
    /// a time-out makes a timer, which wakes the call.
    /// </summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
