namespace Fairlead.Patterns.Links;

/// <summary>
/// How a link ends: whether this side takes more to send, what each side has said last, and what the end of the connection means for the
/// messages of this side.
/// </summary>
/// <remarks>
/// Under the link's send lock; what is only ever set may be read without it. A part of its link, and never copied. This side is open; it
/// ends, and what waits for credit is still sent; then it says its last word, and nothing follows but acknowledgements and answers.
/// </remarks>
internal struct CloseHandshake
{
    private Stage _stage;
    private LinkEnd? _own;
    private LinkEnd? _theirs;

    private enum Stage : byte
    {
        Open,

        /// <summary>Nothing new is taken.</summary>
        Ending,

        /// <summary>The last word is written.</summary>
        Said,
    }

    /// <summary>Whether this side takes more to send.</summary>
    public readonly bool IsOpen => _stage == Stage.Open;

    /// <summary>Whether the last word of this side is written.</summary>
    public readonly bool HasSaid => _stage == Stage.Said;

    /// <summary>Whether the last word is to be written as soon as nothing waits before it.</summary>
    public readonly bool IsWordDue => _stage == Stage.Ending && _own is null;

    /// <summary>Whether the end of the stream is to be told to a peer without the protocol as soon as all is written.</summary>
    public bool IsEndOfStreamDue { get; set; }

    /// <summary>Whether this side has ended the connection for a reason of its own.</summary>
    public readonly bool IsKilled => _own is not null;

    /// <summary>Why the peer said that it sends no more; null where it has not.</summary>
    public readonly CloseReason? TheirReason => _theirs?.Reason;

    /// <summary>
    /// Whether the peer has said its last word as one that closes: what it has not acknowledged by then it has not handed out, and never
    /// will.
    /// </summary>
    public readonly bool IsFinal => _theirs is { IsExact: true };

    /// <summary>Nothing new is taken from now on.</summary>
    public void Stop()
    {
        if (_stage == Stage.Open)
        {
            _stage = Stage.Ending;
        }
    }

    /// <summary>The last word is written.</summary>
    public void NoteSaid() => _stage = Stage.Said;

    /// <summary>This side ends the connection; false where it has done so before.</summary>
    public bool TryKill(CloseReason reason, string? text)
    {
        if (_own is not null)
        {
            return false;
        }

        _own = new LinkEnd(reason, text);
        return true;
    }

    /// <summary>The peer has said that it sends no more.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="text">In its words.</param>
    /// <param name="isFinal">Whether it closes in order.</param>
    public void Hear(CloseReason reason, string? text, bool isFinal) => _theirs = new LinkEnd(reason, text) { IsExact = isFinal };

    /// <summary>The end behind the peer's last word, when all that it sent has been handed out and answered.</summary>
    public readonly LinkEnd EndInOrder() => _theirs ?? new LinkEnd(CloseReason.ClosedByPeer, null);

    /// <summary>What the end of the connection means.</summary>
    /// <param name="isBare">Whether the peer speaks no protocol.</param>
    /// <param name="isHandshaking">Whether the link never came up.</param>
    /// <param name="isOrderly">Whether the connection ended in order, and not by a reset.</param>
    /// <param name="isLocal">Whether both ends are on one machine: then what the peer wrote before its end has always been read.</param>
    /// <param name="hasPart">Whether it ended in the middle of a message.</param>
    public readonly LinkEnd EndOf(bool isBare, bool isHandshaking, bool isOrderly, bool isLocal, bool hasPart)
    {
        bool hasReadAll = isOrderly || isLocal;
        return _own ?? (_theirs is { } theirs ? theirs with { HasReadAll = hasReadAll }
            : isBare ? new LinkEnd(isOrderly ? CloseReason.ClosedByPeer : CloseReason.PeerDied, null) { IsExact = isOrderly }
            : isHandshaking ? new LinkEnd(CloseReason.PeerDied, "it ended before the handshake was through") { IsExact = true }
            : new LinkEnd(CloseReason.PeerDied, hasPart ? "in the middle of a message" : null) { HasReadAll = hasReadAll });
    }
}
