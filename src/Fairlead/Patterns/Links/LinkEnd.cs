namespace Fairlead.Patterns.Links;

/// <summary>Why a link is down, and what that means for the messages of this side.</summary>
internal sealed record LinkEnd(CloseReason Reason, string? Text)
{
    /// <summary>Data messages that were sent on the link.</summary>
    public long Sent { get; init; }

    /// <summary>Messages that waited at this end under a policy that drops, and were not sent any more.</summary>
    public long Unsent { get; init; }

    /// <summary>Bytes that lay at this end, and the kernel had not taken.</summary>
    public long Unwritten { get; init; }

    /// <summary>How many of those sent the peer's user was handed.</summary>
    public long Acknowledged { get; init; }

    /// <summary>Whether the peer closed in order: what it has not acknowledged it has not handed out, and never will.</summary>
    public bool IsExact { get; init; }

    /// <summary>
    /// Whether everything that the peer wrote has been read. It acknowledges a type 2 message before it hands it out, so one without
    /// acknowledgement was not; others are acknowledged a little later, and nothing is known of them.
    /// </summary>
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
            CloseReason.Heartbeat => "the peer gave no sign of life for three heartbeats",
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
        counts += Unsent == 0 ? "" : $"; {Unsent} more still waited at this end, and were not sent";
        ErrorCode code = Reason switch
        {
            CloseReason.ProtocolError => ErrorCode.Corrupt,
            CloseReason.Limit => ErrorCode.TooLarge,
            _ => ErrorCode.PeerGone,
        };

        // What this process was given when it was started is gone with the connection.
        string whatToDo = address.Scheme == "fd"
            ? "A descriptor that was inherited cannot be connected again: start this process anew"
            : "Connect again when the peer is back";
        return new FairleadException(code, $"{what}{who}{text}{counts}", whatToDo) { Address = address, Peer = Peer, Reason = Reason };
    }
}
