namespace Fairlead.Patterns.Links.Values;

/// <summary>Why a link is down, and what that means for the messages of this side.</summary>
internal sealed record LinkEnd(CloseReason Reason, string? Text)
{
    /// <summary>The number of data messages sent on the link.</summary>
    public long Sent { get; init; }

    /// <summary>The number of messages that waited here under a dropping policy and were not sent.</summary>
    public long Unsent { get; init; }

    /// <summary>The bytes buffered here that the kernel had not taken.</summary>
    public long Unwritten { get; init; }

    /// <summary>How many of the sent messages were handed to the peer's user.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Whether the peer closed in order: it has not handed out, and never will, any unacknowledged message.</summary>
    public bool IsExact { get; init; }

    /// <summary>Whether everything that the peer wrote has been read.</summary>
    /// <remarks>
    /// The peer acknowledges a type 2 message before handing it out, so an unacknowledged one was not handed out. It acknowledges other
    /// messages slightly later, and their outcome is unknown.
    /// </remarks>
    public bool HasReadAll { get; init; }

    public Peer? Peer { get; init; }

    public long InDoubt => IsExact ? 0 : Sent - Acknowledged;

    public FairleadException ToException(Address address)
    {
        string what = Reason switch
        {
            CloseReason.ClosedByPeer => "the peer closed the connection",
            CloseReason.PeerDied => "the peer died, or the connection to it was lost",
            CloseReason.ProtocolError => "the connection was ended because of a protocol error",
            CloseReason.Heartbeat => "the peer was silent for three heartbeats",
            CloseReason.SlowConsumer => "the connection was ended because this side read too slowly",
            CloseReason.Limit => "the connection was ended because a limit was exceeded",
            _ => "the connection was closed on this side",
        };
        string who = Peer is null ? "" : $" ({Peer})";
        string text = string.IsNullOrEmpty(Text) ? "" : $": {Text}";
        long open = Sent - Acknowledged;
        string counts = Sent == 0 ? "" : IsExact
            ? $"; {Sent} messages were sent, {Acknowledged} acknowledged, {open} not delivered"
            : $"; {Sent} messages were sent, {Acknowledged} acknowledged, {open} are in doubt";
        counts += Unsent == 0 ? "" : $"; {Unsent} more were still waiting at this end and were not sent";
        ErrorCode code = Reason switch
        {
            CloseReason.ProtocolError => ErrorCode.Corrupt,
            CloseReason.Limit => ErrorCode.TooLarge,
            _ => ErrorCode.PeerGone,
        };

        // An inherited descriptor is closed with its connection.
        string whatToDo = address.Scheme == "fd"
            ? "An inherited descriptor cannot be connected again: restart this process"
            : "Connect again when the peer is back";
        return new FairleadException(code, $"{what}{who}{text}{counts}", whatToDo) { Address = address, Peer = Peer, Reason = Reason };
    }
}
