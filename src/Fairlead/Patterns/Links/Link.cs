using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>A connection with the session protocol on top. The same for every transport and pattern.</summary>
/// <remarks>
/// <para>
/// The protocol has a handshake, credit, acknowledgements, receipts, replies, a heartbeat, and orderly closing. A link consists of parts
/// that own their state. The link itself keeps the peer and its own life: how it opens, closes and fails.
/// </para>
/// <para>
/// There are two sides and two locks. The send lock (<see cref="LinkSender.Hold"/>) guards sending, which any thread may do; all parts of
/// that side share it. The thread that pumps the endpoint handles received data. Messages for the user lie in
/// <see cref="LinkReceiver.Inbound"/>, guarded by the endpoint's gate. A thread that holds the gate may take the send lock, never the other
/// way round.
/// </para>
/// <para>
/// Sending: <see cref="Sending"/> → <see cref="Output"/> → connection. Receiving: connection → <see cref="Receiving"/> or
/// <see cref="Reader"/> → the endpoint. Only data needs credit (see <see cref="SendWindow"/>); other kinds of message pass at any time
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

    /// <summary>Its token in the endpoint's poll set.</summary>
    public ulong Token { get; }

    /// <summary>Whether the peer has connected to this side.</summary>
    public bool IsAccepted { get; }

    /// <summary>Whether the link is raw: the peer does not speak Fairlead's protocol. Type 1 messages only, no acknowledgements.</summary>
    public bool IsBare { get; }

    /// <summary>The peer, as known from the connection and from its introduction.</summary>
    public Peer Peer { get; private set; }

    /// <summary>The pattern that the peer announced.</summary>
    public PatternKind PeerPattern { get; private set; }

    /// <summary>The state of the link. Written by the pump; any thread may read it.</summary>
    public LinkState State => _state;

    public EndpointCore Endpoint => _endpoint;

    public Connection Connection => _connection;

    /// <summary>The memory shared with the peer, if there is any.</summary>
    public MemoryChannel? Memory { get; }

    /// <summary>The heartbeat; null if there is none.</summary>
    public Heartbeat? Heartbeat { get; }

    /// <summary>The open files that messages carry.</summary>
    public HandleWindow Handles { get; }

    /// <summary>Sends the user's messages, and queues those that wait for credit.</summary>
    public LinkSender Sending { get; }

    /// <summary>Writes to the connection.</summary>
    public LinkOutput Output { get; }

    /// <summary>The calls that wait for an answer.</summary>
    public LinkCalls Calls { get; }

    /// <summary>Sends the messages that need no credit.</summary>
    public LinkAnswers Answers { get; }

    /// <summary>Handles received messages.</summary>
    public LinkReceiver Receiving { get; }

    /// <summary>Reads messages in place from shared memory.</summary>
    public MemoryReader Reader { get; }

    /// <summary>Decides whether to read from the peer.</summary>
    public ReadPause Pause { get; }

    /// <summary>The peer's part in the memory that is written once for many.</summary>
    public BroadcastPlace Place { get; }

    /// <summary>Why the link went down; set before it does.</summary>
    public LinkEnd? End { get; private set; }

    /// <summary>Whether the pattern was told that the link was up.</summary>
    public bool WasUp { get; private set; }

    /// <summary>The overflow policy.</summary>
    public OverflowPolicy Policy { get; set; }

    /// <summary>The policy that the peer asked for; null if it asked for none.</summary>
    public OverflowPolicy? PeerAsksFor { get; private set; }

    /// <summary>The pattern's state for this peer: a hub's client, a publisher's filter.</summary>
    public object? Tag { get; set; }

    /// <summary>The next of the links that have failed. Used by <see cref="LinkTable"/> only.</summary>
    public Link? NextFailed { get; set; }

    /// <summary>The position among the links with deferred output. Used by <see cref="LinkTable"/> only, under its lock.</summary>
    public int DeferredAt { get; set; }

    /// <summary>Whether the deferred work will acknowledge to the peer. Written by <see cref="Housekeeping"/>, under the gate.</summary>
    public bool IsToBeServed { get; set; }

    /// <summary>When the peer was last heard, by the endpoint's clock; 0 without a heartbeat.</summary>
    public long LastHeard => Heartbeat?.LastHeard ?? 0;

    /// <summary>Handles an event that the poll set reported for the descriptor.</summary>
    public void OnEvents(PollEvents events, Completions completions)
    {
        if (_state == LinkState.Down || (IsBare && _state == LinkState.Handshaking))
        {
            // The connecting thread is about to open this raw link; a peer that speaks first is heard a moment later.
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

        if (Output.TellsRoomByReading && Output.ReportRoom())
        {
            OnWritable(completions);
        }
    }

    /// <summary>Withdraws the announced sleep, and reads without an event of the descriptor. Called by the leader.</summary>
    public void OnAwake(Completions completions)
    {
        Reader.EndWait();
        bool isBlocked = Output.IsBlocked;
        if (Reader.HasArrived && _state != LinkState.Down)
        {
            // This may handle an event of the descriptor as well.
            Receiving.Receive(completions);
            isBlocked = Output.ReportRoom();
        }

        if (isBlocked && Output.TellsRoomByReading)
        {
            OnWritable(completions);
        }
    }

    void IHeartbeatOwner.LookForSigns() => _endpoint.Pump.TryTurn();

    void IHeartbeatOwner.Ask() => Answers.SendControl(MessageHeader.Of(MessageKind.Ping), default, default);

    void IHeartbeatOwner.GiveUp(TimeSpan silence) => Kill(CloseReason.Heartbeat, $"nothing was heard for {SecondsText.Of(silence)}");

    /// <summary>Continues to send because the descriptor is writable again. Called by the pump.</summary>
    private void OnWritable(Completions completions)
    {
        using (Sending.Hold())
        {
            if (_state == LinkState.Down)
            {
                return;
            }

            _ = Sending.GoOn(completions);
        }

        // Output that the kernel has taken is room for more, as an acknowledgement is.
        if (_endpoint.HearsOfCredit)
        {
            _endpoint.Owner.OnCredit(this);
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

/// <summary>The states of a link.</summary>
internal enum LinkState : byte
{
    /// <summary>Connected, but the peer has not introduced itself, or the endpoint does not know the link yet.</summary>
    Handshaking,

    Up,

    /// <summary>The peer sends no more; its messages are still being handed out and acknowledged.</summary>
    PeerClosed,

    Down,
}
