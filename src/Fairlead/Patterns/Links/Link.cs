using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// A connection with the session protocol on top: handshake, credit, acknowledgements, receipts, replies, heartbeat, closing. The same for
/// every transport and pattern. Made of parts, of which each owns its own state; what is left here is who the peer is, and the life of the
/// link: how it opens, closes and fails.
/// </summary>
/// <remarks>
/// <para>
/// Two sides, two locks. What is sent is guarded by the send lock (<see cref="LinkSender.Hold"/>), which all parts of that side share, and
/// may be done by any thread. What is received is handled by the thread that pumps the endpoint; messages for the user lie in
/// <see cref="LinkReceiver.Inbound"/>, guarded by the endpoint's gate. The gate may be held when the send lock is taken, never the other
/// way round.
/// </para>
/// <para>
/// Way down: <see cref="Sending"/> → <see cref="Output"/> → connection. Way up: connection → <see cref="Receiving"/> or
/// <see cref="Reader"/> → the endpoint. Kinds other than data need no credit (see <see cref="SendWindow"/>) and pass at any time
/// (<see cref="Answers"/>).
/// </para>
/// </remarks>
internal sealed partial class Link : IHeartbeatOwner, IAlarmed
{
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private readonly TimeProvider _time;
    private volatile LinkState _state;

    public Link(EndpointCore endpoint, Connection connection, ulong token, bool isAccepted)
    {
        _endpoint = endpoint;
        _connection = connection;
        _time = endpoint.Settings.Time;
        Token = token;
        IsAccepted = isAccepted;
        Peer = connection.Peer;
        IsBare = (connection.Capabilities & TransportCapabilities.Protocol) == 0;
        PeerPattern = IsBare ? PatternKind.Foreign : default;
        Policy = endpoint.Policy;
        Memory = connection.Memory;
        Handles = new HandleWindow(endpoint.Settings.Handles);
        if (!IsBare && endpoint.Settings.Heartbeat is { Ticks: > 0 } interval)
        {
            Heartbeat = new Heartbeat(interval, _time, this);
        }

        Receiving = new LinkReceiver(this);
        Output = new LinkOutput(this);
        Sending = new LinkSender(this);
        Calls = new LinkCalls(this);
        Answers = new LinkAnswers(this);
        Pause = new ReadPause(this);
        Place = new BroadcastPlace(this);
        Reader = new MemoryReader(this);
        _state = LinkState.Handshaking;
        connection.ReceiveLimit = LimitFor(connection.Peer);
    }

    /// <summary>Its name in the endpoint's poll set.</summary>
    public ulong Token { get; }

    /// <summary>Whether the peer has connected to this side.</summary>
    public bool IsAccepted { get; }

    /// <summary>
    /// Whether the peer is a program that does not speak Fairlead's protocol: messages of type 1 only, no acknowledgements.
    /// </summary>
    public bool IsBare { get; }

    /// <summary>Who the peer is, as far as the connection and its introduction say.</summary>
    public Peer Peer { get; private set; }

    /// <summary>What the peer said that it is.</summary>
    public PatternKind PeerPattern { get; private set; }

    /// <summary>Where in its life it is. Written by the pump; any thread may read it.</summary>
    public LinkState State => _state;

    public EndpointCore Endpoint => _endpoint;

    public Connection Connection => _connection;

    /// <summary>Where the peer shares memory with this process.</summary>
    public MemoryChannel? Memory { get; }

    /// <summary>Null where none was asked for.</summary>
    public Heartbeat? Heartbeat { get; }

    /// <summary>Open files that go with messages.</summary>
    public HandleWindow Handles { get; }

    /// <summary>What the user sends, and what waits for credit.</summary>
    public LinkSender Sending { get; }

    /// <summary>What is on its way into the connection.</summary>
    public LinkOutput Output { get; }

    /// <summary>Calls that wait for an answer.</summary>
    public LinkCalls Calls { get; }

    /// <summary>What this side says without credit.</summary>
    public LinkAnswers Answers { get; }

    /// <summary>What comes.</summary>
    public LinkReceiver Receiving { get; }

    /// <summary>What comes through memory that the peer shares, and is taken from where it lies.</summary>
    public MemoryReader Reader { get; }

    /// <summary>Whether the peer is read from.</summary>
    public ReadPause Pause { get; }

    /// <summary>The peer's part in what is written once for many.</summary>
    public BroadcastPlace Place { get; }

    /// <summary>Set before the link goes down; why it did.</summary>
    public LinkEnd? End { get; private set; }

    /// <summary>Whether the pattern has heard of it.</summary>
    public bool WasUp { get; private set; }

    /// <summary>What is done with a message for which the peer has no room.</summary>
    public OverflowPolicy Policy { get; set; }

    /// <summary>The policy that the peer asked for; null where it asked for none.</summary>
    public OverflowPolicy? PeerAsksFor { get; private set; }

    /// <summary>What a pattern keeps for its peer: a hub's client, a publisher's filter.</summary>
    public object? Tag { get; set; }

    /// <summary>When something came last, by the endpoint's clock; 0 without a heartbeat.</summary>
    public long LastHeard => Heartbeat?.LastHeard ?? 0;

    /// <summary>The poll set reported the descriptor.</summary>
    public void OnEvents(PollEvents events, Completions completions)
    {
        if (_state == LinkState.Down || (IsBare && _state == LinkState.Handshaking))
        {
            // The latter is watched, and about to be opened by the thread that connects: a peer that speaks first is heard in a moment.
            return;
        }

        _connection.OnReady(events);
        if ((events & (PollEvents.Write | PollEvents.Error | PollEvents.HangUp)) != 0)
        {
            OnWritable(completions);
        }

        if ((events & (PollEvents.Read | PollEvents.ReadHangUp | PollEvents.HangUp | PollEvents.Error)) != 0
            && (!Pause.IsPaused || (events & (PollEvents.HangUp | PollEvents.Error)) != 0))
        {
            Receiving.Receive(completions);
        }

        FlushWhenTold(completions);
    }

    /// <summary>Takes the announced sleep back after it, and reads without being told by the descriptor. By the leader.</summary>
    public void OnAwake(Completions completions)
    {
        Reader.EndWait();
        if (Reader.HasArrived && _state != LinkState.Down)
        {
            Receiving.Receive(completions);
        }

        FlushWhenTold(completions);
    }

    void IHeartbeatOwner.LookForSigns() => _endpoint.Pump.TryTurn();

    void IHeartbeatOwner.Ask() => Answers.SendControl(MessageHeader.Of(MessageKind.Ping), default, default);

    void IHeartbeatOwner.GiveUp(TimeSpan silence) => Kill(CloseReason.Heartbeat, $"nothing was heard for {silence.TotalSeconds:0.###} s");

    /// <summary>The descriptor is writable again. By the pump.</summary>
    private void OnWritable(Completions completions)
    {
        using (Sending.Hold())
        {
            if (_state != LinkState.Down)
            {
                _ = Sending.GoOn(completions);
            }
        }
    }

    /// <summary>The peer of a connection through memory may have made room.</summary>
    private void FlushWhenTold(Completions completions)
    {
        if (Output.IsBlocked && Output.TellsRoomByReading)
        {
            OnWritable(completions);
        }
    }

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
