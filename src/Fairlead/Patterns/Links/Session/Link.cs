using System.Diagnostics.CodeAnalysis;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Direct;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Receiving;
using Fairlead.Patterns.Links.Sending;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Session;

/// <summary>A connection with the session protocol on top. The same for every transport and pattern.</summary>
/// <remarks>
/// <para>
/// The protocol has a handshake, credit, acknowledgements, receipts, replies, a heartbeat, and orderly closing. A link consists of parts
/// that own their state. The link itself keeps the peer and its own life: how it opens, closes and fails.
/// </para>
/// <para>
/// There are two sides and two locks. The send lock (<see cref="SendSide.Hold"/>) guards sending, which any thread may do; all parts of
/// that side share it. The thread that pumps the endpoint handles received data. Messages for the user lie in
/// <see cref="LinkReceiver.ReceiveQueue"/>, guarded by the endpoint's gate. A thread that holds the gate may take the send lock, never the
/// other way round.
/// </para>
/// <para>
/// Sending: <see cref="LinkSender"/> → <see cref="Output"/> → connection. Receiving: connection → <see cref="LinkReceiver"/> or
/// <see cref="Reader"/> → the endpoint. Only data needs credit (see <see cref="SendWindow"/>); other kinds of message pass at any time
/// (<see cref="Answers"/>).
/// </para>
/// </remarks>
internal sealed partial class Link
    : PeerLink, IHeartbeatOwner, IAlarmed, IOutputOwner, ISenderOwner, IReadPauseOwner, IReceiverOwner
{
    private readonly EndpointContext _endpoint;
    private readonly ILinkHost _host;
    private readonly Connection _connection;
    private readonly TimeProvider _time;

    /// <param name="endpoint">The endpoint.</param>
    /// <param name="host">Learns what happens to the link.</param>
    /// <param name="connection">The connection, which the link owns.</param>
    /// <param name="token">Its token in the endpoint's poll set.</param>
    /// <param name="isAccepted">Whether the peer has connected to this side.</param>
    public Link(EndpointContext endpoint, ILinkHost host, Connection connection, ulong token, bool isAccepted)
        : base(endpoint, connection, token, isAccepted)
    {
        _endpoint = endpoint;
        _host = host;
        _connection = connection;
        _time = endpoint.Settings.Time;
        if (!IsRaw && endpoint.Settings.Heartbeat is { Ticks: > 0 } interval)
        {
            Heartbeat = new Heartbeat(interval, _time, this);
        }

        // From the bottom to the top: each part gets those below it.
        PendingCalls calls = new();
        ReceiveSide inbound = new(this);
        LinkSender = new LinkSender(this, this, this, inbound, calls);
        Pause = new ReadPause(this, this, inbound, LinkSender, Output);
        Answers = new LinkAnswers(this, inbound, LinkSender, Pause);
        MessagesInHand inHand = new(this);
        Calls = new LinkCalls(this, calls, LinkSender, inbound, inHand, Pause);
        LinkReceiver = new LinkReceiver(this, this, inbound, inHand, LinkSender, Calls, Answers, Pause);
        Reader = new MemoryReader(this, LinkReceiver, inbound, LinkSender, Pause);
        Place = new BroadcastPlace(this, LinkSender, host.BroadcastHolder);
        connection.ReceiveLimit = LimitFor(connection.Peer);
    }

    /// <summary>Sends the user's messages, and queues those that wait for credit.</summary>
    public LinkSender LinkSender { get; }

    /// <summary>Writes to the connection.</summary>
    public LinkOutput Output => LinkSender.Output;

    /// <summary>The calls that wait for an answer.</summary>
    public LinkCalls Calls { get; }

    /// <summary>Sends the messages that need no credit.</summary>
    public LinkAnswers Answers { get; }

    /// <summary>Handles received messages.</summary>
    public LinkReceiver LinkReceiver { get; }

    /// <summary>Reads messages in place from shared memory.</summary>
    public MemoryReader Reader { get; }

    /// <summary>Decides whether to read from the peer.</summary>
    public ReadPause Pause { get; }

    /// <summary>The peer's part in the memory that is written once for many.</summary>
    public BroadcastPlace Place { get; }

    /// <summary>The next of the links that have failed. Used by <c>LinkTable</c> only.</summary>
    public Link? NextFailed { get; set; }

    /// <summary>The position among the links with deferred output. Used by <c>LinkTable</c> only, under its lock.</summary>
    public int DeferredAt { get; set; }

    /// <summary>Whether the deferred work will acknowledge to the peer. Written by <c>Housekeeping</c>, under the gate.</summary>
    public bool IsToBeServed { get; set; }

    /// <summary>When the peer was last heard, by the endpoint's clock; 0 without a heartbeat.</summary>
    public long LastHeard => Heartbeat?.LastHeard ?? 0;

    /// <summary>Handles an event that the poll set reported for the descriptor.</summary>
    public void OnEvents(PollEvents events, Completions completions)
    {
        if (State == LinkState.Down || (IsRaw && State == LinkState.Handshaking))
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
            LinkReceiver.Receive(completions);
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
        if (Reader.HasArrived && State != LinkState.Down)
        {
            // This may handle an event of the descriptor as well.
            LinkReceiver.Receive(completions);
            isBlocked = Output.ReportRoom();
        }

        if (isBlocked && Output.TellsRoomByReading)
        {
            OnWritable(completions);
        }
    }

    /// <summary>Returns the link of an operation or a message: each <see cref="PeerLink"/> is a link.</summary>
    [return: NotNullIfNotNull(nameof(life))]
    public static Link? Of(PeerLink? life) => (Link?)life;

    public override bool Withdraw(LinkOperation operation, Exception? error) => LinkSender.Withdraw(operation, error);

    public override void Withdraw(FlushOperation operation, Exception? error) => Output.Withdraw(operation, error);

    public override void Recall(uint id, LinkOperation caller) => Calls.Recall(id, caller);

    public override void Refuse(MessageKind kind, uint id, bool isTakenBack, string? reason)
    {
        if (kind == MessageKind.Deliver)
        {
            // Also for a withdrawn message: its sender may still wait, see LinkReceiver.OnCancel.
            Answers.SendReceipt(id, ReceiptStatus.NotDelivered, reason ?? MessageCore.NotAccepted);
        }
        else if (!isTakenBack)
        {
            Answers.SendError(id, 0, reason ?? MessageCore.NotAnswered);
        }
    }

    void IHeartbeatOwner.LookForSigns() => _endpoint.Pump.TryTurn();

    void IHeartbeatOwner.Ask() => Answers.SendControl(MessageHeader.Of(MessageKind.Ping), default, default);

    void IHeartbeatOwner.GiveUp(TimeSpan silence) => Kill(CloseReason.Heartbeat, $"nothing was heard for {SecondsText.Of(silence)}");

    /// <summary>Continues to send because the descriptor is writable again. Called by the pump.</summary>
    private void OnWritable(Completions completions)
    {
        using (LinkSender.Hold())
        {
            if (State == LinkState.Down)
            {
                return;
            }

            _ = LinkSender.GoOn(completions);
        }

        // Output that the kernel has taken is room for more, as an acknowledgement is.
        if (_endpoint.HearsOfCredit)
        {
            _host.OnCredit(this);
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

    // What the parts of the link report, and whom it concerns.
    int IReceiverOwner.MessagesWanted => _host.MessagesWanted;

    void IOutputOwner.OnDeferred(bool isDeferred) => _host.NoteDeferred(this, isDeferred);

    void IOutputOwner.OnStuck() => Pause.UpdateInterest();

    void IOutputOwner.OnUnblocked()
    {
        if (LinkReceiver.ReceiveQueue.IsHeadAcknowledged)
        {
            _endpoint.HandOutAgain();
        }
    }

    void IOutputOwner.OnWrittenOut()
    {
        if (IsLingering)
        {
            _connection.Abort();
        }

        Pause.NoteWrittenOut();
    }

    void ISenderOwner.EndIfDue()
    {
        CloseIfDue();
        EndSendingIfDue();
    }

    void ISenderOwner.OnPeerStopped(bool isStopped) => _host.Reports.OnStopped(Peer, isStopped);

    void ISenderOwner.Move() => _host.Move(this);

    void IReadPauseOwner.SetInterest(PollEvents interest) => _host.SetInterest(this, interest);

    bool IReadPauseOwner.HasMessagesBeside() => _host.HasMessagesBeside(this);

    void IReceiverOwner.OnHandshake(in MessageHeader header, ReadOnlySpan<byte> body, Completions completions) =>
        OnHandshake(header, body, completions);

    void IReceiverOwner.Publish(Completions completions) => _host.Publish(this, completions);

    bool IReceiverOwner.TryDrop(uint id, out MessageKind kind) => _host.TryDrop(this, id, out kind);

    void IReceiverOwner.OnCredit() => _host.OnCredit(this);

    bool IReceiverOwner.TrySubscribe(uint id, string topic, bool subscribes, ReadOnlySpan<byte> head, out string? refusal) =>
        _host.TrySubscribe(this, id, topic, subscribes, head, out refusal);

    void IReceiverOwner.OnPosition(PublishedPosition position) => _host.OnPosition(this, position, isStart: false);

    void IReceiverOwner.OnClose(in Incoming message, Completions completions) => OnClose(message, completions);

    void IReceiverOwner.OnEnd(bool isOrderly, Completions completions) => OnEnd(isOrderly, completions);

    void IReceiverOwner.ServeLater() => _host.ServeLater(this);
}
