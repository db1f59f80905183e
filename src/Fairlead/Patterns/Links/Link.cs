using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// A connection with the session protocol on top: handshake, credit, acknowledgements, receipts, replies, heartbeat, closing. The same for
/// every transport and pattern.
/// </summary>
/// <remarks>
/// <para>
/// Two sides, two locks. What is sent is guarded by <c>_sending</c> and may be done by any thread. What is received is handled by whoever
/// pumps the endpoint; messages for the user lie in <c>_inbound</c>, guarded by the endpoint's gate. The gate may be held when
/// <c>_sending</c> is taken, never the other way round.
/// </para>
/// <para>Kinds other than data need no credit (see <see cref="SendWindow"/>) and pass at any time.</para>
/// </remarks>
internal sealed partial class Link
{
    private const int AcksPerWindow = 4;
    private const int TellsPerWindow = 16;

    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;

    // What only some connections have.
    private readonly SleepAnnouncer? _sleep;
    private readonly MemoryChannel? _memory;
    private readonly MemoryOutput? _memoryOutput;
    private readonly MemoryInput? _memoryInput;
    private readonly BroadcastInput? _broadcasts;

    private readonly bool _takesPlain;
    private readonly bool _isLatency;
    private readonly bool _countsAlone;
    private readonly EndpointCounters _counters;
    private readonly TimeProvider _time;
    private ITimer? _handshakeTimer;

    // Under _sending: written by the pump, read by the rounds.
    private Deadline _handshakeEnd;
    private byte[]? _welcome;
    private volatile LinkState _state;

    public Link(EndpointCore endpoint, Connection connection, ulong token, bool isAccepted)
    {
        _endpoint = endpoint;
        _connection = connection;
        _sleep = connection.Sleep;
        _memory = connection.Memory;
        _memoryOutput = _memory?.Output;
        _memoryInput = _memory?.Input;
        _broadcasts = _memory?.Broadcasts;
        _takesPlain = endpoint.Profile.Accepts(MessageKind.Send);
        _countsAlone = endpoint.Admission.MostPeers == 1;
        _counters = endpoint.Counters;
        _isLatency = endpoint.Settings.Waiting == WaitMode.Latency;
        _time = endpoint.Settings.Time;
        _queued = new SendQueue(endpoint);
        _inHand = new MessagesInHand(this);
        Policy = endpoint.Policy;
        _writeMode = endpoint.Settings.Writing;
        Token = token;
        IsAccepted = isAccepted;
        Peer = connection.Peer;
        IsBare = (connection.Capabilities & TransportCapabilities.Protocol) == 0;
        _handles = new HandleWindow(endpoint.Settings.Handles);
        _window = new SendWindow((uint)(IsBare ? endpoint.Settings.Messages : 0), IsBare ? endpoint.Settings.Capacity : 0);
        _state = LinkState.Handshaking;
        if (!IsBare && endpoint.Settings.Heartbeat is { Ticks: > 0 } interval)
        {
            _heartbeat = new Heartbeat(interval, _time, this);
        }

        if (IsBare)
        {
            PeerPattern = PatternKind.Foreign;
        }

        // A publisher looks for itself, which costs next to nothing, and has others that wait for it meanwhile.
        int tells = _broadcasts is not null ? TellsPerWindow : AcksPerWindow;
        _inbound = new ReceiveQueue(new ReceiveWindow(endpoint.Settings.Messages, endpoint.Settings.Capacity, tells));
        connection.ReceiveLimit = LimitFor(connection.Peer);
    }

    /// <summary>Its name in the endpoint's poll set.</summary>
    public ulong Token { get; }

    public bool IsAccepted { get; }

    /// <summary>
    /// Whether the peer is a program that does not speak Fairlead's protocol: messages of type 1 only, no acknowledgements.
    /// </summary>
    public bool IsBare { get; }

    public Peer Peer { get; private set; }

    public PatternKind PeerPattern { get; private set; }

    public LinkState State => _state;

    public EndpointCore Endpoint => _endpoint;

    public Connection Connection => _connection;

    /// <summary>Where the peer shares memory with this process.</summary>
    public MemoryChannel? Memory => _memory;

    /// <summary>Set before the link goes down; why it did.</summary>
    public LinkEnd? End { get; private set; }

    /// <summary>Whether the pattern has heard of it.</summary>
    public bool WasUp { get; private set; }

    /// <summary>What is done with a message for which the peer has no room.</summary>
    public FullMode Policy { get; set; }

    /// <summary>The policy that the peer asked for; null where it asked for none.</summary>
    public FullMode? PeerAsksFor { get; private set; }

    /// <summary>What a pattern keeps for its peer: a hub's client, a publisher's filter.</summary>
    public object? Tag { get; set; }

    private int LimitFor(Peer peer)
    {
        if (_endpoint.Settings.LongestMessage is { } limit)
        {
            return Math.Min(limit, EndpointSettings.NoLimit);
        }

        bool isOwnUser = peer.UserId == NativeProcess.UserId && (_connection.Capabilities & TransportCapabilities.CrossHost) == 0;
        if (isOwnUser)
        {
            _connection.TrustLengths();
        }

        return isOwnUser ? EndpointSettings.NoLimit : EndpointSettings.DefaultNetworkLimit;
    }
}

/// <summary>The life of a link.</summary>
internal enum LinkState : byte
{
    /// <summary>The connection stands; the peer has not said who it is, or the endpoint has not heard of it.</summary>
    Handshaking,

    Up,

    /// <summary>The peer sends no more; what it sent is still being handed out and acknowledged.</summary>
    PeerClosed,

    Down,
}

/// <summary>What a link writes with: the order is that of what is left to do.</summary>
internal enum OutputState : byte
{
    /// <summary>All is written, or about to be.</summary>
    Idle,

    /// <summary>Something lies that the flusher will write.</summary>
    Deferred,

    /// <summary>The kernel, or the peer's memory, is full: the pump goes on when it is told of room.</summary>
    Blocked,

    /// <summary>The peer takes nothing more. For good.</summary>
    Broken,
}
