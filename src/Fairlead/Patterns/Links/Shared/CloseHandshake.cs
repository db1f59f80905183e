using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Shared;

/// <summary>Tracks how a link ends: which side has stopped sending, and what the end means for this side's messages.</summary>
/// <remarks>
/// <para>
/// This side is first open. Then it is ending: it takes nothing new, but still sends what waits for credit. Then it sends its final
/// message, after which only acknowledgements and answers follow.
/// </para>
/// <para>
/// Under the link's send lock; members that are set only once may be read without it. A part of its link, and never copied.
/// </para>
/// </remarks>
internal struct CloseHandshake
{
    private Stage _stage;
    private LinkEnd? _own;
    private LinkEnd? _theirs;

    private enum Stage : byte
    {
        Open,

        /// <summary>This side takes nothing new.</summary>
        Ending,

        /// <summary>The final message is written.</summary>
        Said,
    }

    /// <summary>Whether this side takes more to send.</summary>
    public readonly bool IsOpen => _stage == Stage.Open;

    /// <summary>Whether this side has written its final message.</summary>
    public readonly bool HasSaid => _stage == Stage.Said;

    /// <summary>Whether to write the final message as soon as nothing waits before it.</summary>
    public readonly bool IsWordDue => _stage == Stage.Ending && _own is null;

    /// <summary>Whether to end the stream to a peer without the protocol as soon as everything is written.</summary>
    public bool IsEndOfStreamDue { get; set; }

    /// <summary>Whether this side has ended the connection for its own reason.</summary>
    public readonly bool IsKilled => _own is not null;

    /// <summary>The reason the peer gave for sending no more; null if it has not.</summary>
    public readonly CloseReason? TheirReason => _theirs?.Reason;

    /// <summary>Whether the peer has sent its final message in order.</summary>
    /// <remarks>The peer then has not handed out, and never will, any message it has not acknowledged.</remarks>
    public readonly bool IsFinal => _theirs is { IsExact: true };

    /// <summary>Takes nothing new from now on.</summary>
    public void Stop()
    {
        if (_stage == Stage.Open)
        {
            _stage = Stage.Ending;
        }
    }

    /// <summary>Notes that the final message is written.</summary>
    public void NoteSaid() => _stage = Stage.Said;

    /// <summary>Ends the connection from this side. Returns false if it has already done so.</summary>
    public bool TryKill(CloseReason reason, string? text)
    {
        if (_own is not null)
        {
            return false;
        }

        _own = new LinkEnd(reason, text);
        return true;
    }

    /// <summary>Notes that the peer sends no more.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="text">The peer's text.</param>
    /// <param name="isFinal">Whether the peer closes in order.</param>
    public void Hear(CloseReason reason, string? text, bool isFinal) => _theirs = new LinkEnd(reason, text) { IsExact = isFinal };

    /// <summary>Returns the end after the peer's final message, when all its messages have been handed out and answered.</summary>
    public readonly LinkEnd EndInOrder() => _theirs ?? new LinkEnd(CloseReason.ClosedByPeer, null);

    /// <summary>Returns what the end of the connection means.</summary>
    /// <param name="isBare">Whether the link has no protocol.</param>
    /// <param name="isHandshaking">Whether the link never came up.</param>
    /// <param name="isOrderly">Whether the connection ended in order, and not by a reset.</param>
    /// <param name="isLocal">Whether both ends are on one machine: everything the peer wrote before its end was then read.</param>
    /// <param name="hasPart">Whether the connection ended within a message.</param>
    public readonly LinkEnd EndOf(bool isBare, bool isHandshaking, bool isOrderly, bool isLocal, bool hasPart)
    {
        bool hasReadAll = isOrderly || isLocal;
        return _own ?? (_theirs is { } theirs ? theirs with { HasReadAll = hasReadAll }
            : isBare && isOrderly && !hasPart ? new LinkEnd(CloseReason.ClosedByPeer, null) { IsExact = true }
            : isBare ? new LinkEnd(CloseReason.PeerDied, hasPart ? "the connection ended in the middle of a message" : null)
            : isHandshaking ? new LinkEnd(CloseReason.PeerDied, "the connection ended before the handshake was complete") { IsExact = true }
            : new LinkEnd(CloseReason.PeerDied, hasPart ? "it died in the middle of a message" : null) { HasReadAll = hasReadAll });
    }
}
