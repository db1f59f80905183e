using Fairlead.Framing;
using Fairlead.Patterns.Links.Values;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>A link as its parts know it: who the peer is, and whether the link is up, closing, failing or down.</summary>
/// <remarks>
/// Owns the state and the reasons of the end. The pump writes them, most under the send lock; any thread may read them. The abstract
/// members end the link, or reach the part that holds an operation. <c>Link</c> is the only one.
/// </remarks>
internal abstract class PeerLink
{
    private volatile LinkState _state = LinkState.Handshaking;
    private CloseHandshake _close;

    // An exception on a thread that does not pump.
    private Exception? _fault;

    /// <param name="endpoint">The endpoint.</param>
    /// <param name="connection">The connection, which the link owns.</param>
    /// <param name="token">See <see cref="Token"/>.</param>
    /// <param name="isAccepted">See <see cref="IsAccepted"/>.</param>
    protected PeerLink(EndpointContext endpoint, Connection connection, ulong token, bool isAccepted)
    {
        Endpoint = endpoint;
        Connection = connection;
        Token = token;
        IsAccepted = isAccepted;
        Peer = connection.Peer;
        IsRaw = (connection.Capabilities & TransportCapabilities.Protocol) == 0;
        PeerPattern = IsRaw ? PatternKind.Foreign : default;
        Policy = endpoint.Policy;
        Memory = connection.Memory;
        Inner = InnerWay.Of(connection);
        HandleWindow = new HandleWindow(endpoint.Settings.Handles);
    }

    public EndpointContext Endpoint { get; }

    public Connection Connection { get; }

    /// <summary>Its token in the endpoint's poll set.</summary>
    public ulong Token { get; }

    /// <summary>Whether the peer has connected to this side.</summary>
    public bool IsAccepted { get; }

    /// <summary>Whether the link is raw: the peer does not speak Fairlead's protocol. Type 1 messages only, no acknowledgements.</summary>
    public bool IsRaw { get; }

    /// <summary>The memory shared with the peer, if there is any.</summary>
    public MemoryChannel? Memory { get; }

    /// <summary>The inner way to the other end, if one of the ends is a bridge's.</summary>
    public InnerWay? Inner { get; }

    /// <summary>The longest payload that the peer accepts, if its limit leaves room for heads. Known after the handshake.</summary>
    public int LongestPayload => Inner?.LongestPayload ?? int.MaxValue;

    /// <summary>The open files that messages carry.</summary>
    public HandleWindow HandleWindow { get; }

    /// <summary>The heartbeat; null if there is none.</summary>
    public Heartbeat? Heartbeat { get; protected init; }

    /// <summary>The peer, as known from the connection and from its introduction.</summary>
    public Peer Peer { get; protected set; }

    /// <summary>The pattern that the peer announced.</summary>
    public PatternKind PeerPattern { get; protected set; }

    /// <summary>The state of the link. Written by the pump; any thread may read it.</summary>
    public LinkState State
    {
        get => _state;
        protected set => _state = value;
    }

    /// <summary>Whether the pattern was told that the link was up.</summary>
    public bool WasUp { get; protected set; }

    /// <summary>The overflow policy.</summary>
    public OverflowPolicy Policy { get; set; }

    /// <summary>The policy that the peer asked for; null if it asked for none.</summary>
    public OverflowPolicy? PeerAsksFor { get; protected set; }

    /// <summary>The pattern's state for this peer: a hub's client, a publisher's filter.</summary>
    public object? Tag { get; set; }

    /// <summary>The state of closing, of both sides. Under the send lock.</summary>
    public ref CloseHandshake CloseHandshake => ref _close;

    /// <summary>Why the link went down; set before it does.</summary>
    public LinkEnd? End { get; protected set; }

    /// <summary>The error that ended the link, if one did. A connecting caller gets it unchanged.</summary>
    public FairleadException? Failure { get; protected set; }

    /// <summary>The exception with which the pump must end the link; null if there is none.</summary>
    public Exception? Fault => Volatile.Read(ref _fault);

    /// <summary>Whether the peer closed in order, and this side did not end the link first.</summary>
    public bool HasPeerClosed => (_close.TheirReason ?? End?.Reason) == CloseReason.ClosedByPeer;

    /// <summary>Whether this side ended the link: the living senders of unread messages then wait for no answers.</summary>
    public bool WasEndedHere => _close.IsKilled || Failure is not null;

    /// <summary>Makes the pump end the link, because an exception prevents it from continuing. Any thread, with any locks held.</summary>
    public abstract void Fail(Exception exception);

    /// <summary>Ends the connection from any thread. The pump then sees its end, with this reason.</summary>
    /// <remarks>
    /// The peer is told, behind everything sent before. If it does not even take that from the kernel, it gets as long as for a handshake.
    /// A non-Fairlead peer that reads too slowly is disconnected immediately.
    /// </remarks>
    public abstract void Kill(CloseReason reason, string? text);

    /// <summary>Withdraws an operation. Returns false if it has left this link. Called by its caller, on any thread.</summary>
    public abstract bool Withdraw(LinkOperation operation, Exception? error);

    /// <summary>Withdraws a caller that waits for a flush. Called by that caller, on any thread.</summary>
    public abstract void Withdraw(FlushOperation operation, Exception? error);

    /// <summary>Asks the peer to return a message that its user has not read. Called by its caller, on any thread.</summary>
    public abstract void Recall(uint id, LinkOperation caller);

    /// <summary>Answers for a message that the user has returned without an answer. Any thread, with no lock held.</summary>
    public abstract void Refuse(MessageKind kind, uint id, bool isTakenBack, string? reason);

    /// <summary>Returns the error of a call on a link that has ended, or that takes nothing more because its peer closes.</summary>
    public FairleadException EndException() =>
        EndException(End ?? new LinkEnd(CloseReason.ClosedByPeer, null) { Peer = Peer }, Failure, Endpoint.Address);

    /// <summary>Returns the error for an end.</summary>
    /// <param name="end">How the link ended.</param>
    /// <param name="failure">The exception that ended it, if there was one.</param>
    /// <param name="address">The address in the error.</param>
    public static FairleadException EndException(LinkEnd end, FairleadException? failure, Address address) =>
        failure is null ? end.ToException(address) : failure.Address is null ? failure.At(address) : failure;

    /// <summary>Notes the first exception that ends the link. Returns false if there is one already. Any thread.</summary>
    protected bool TrySetFault(Exception exception) => Interlocked.CompareExchange(ref _fault, exception, null) is null;
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
