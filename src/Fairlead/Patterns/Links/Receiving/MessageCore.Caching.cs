using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Patterns.Links.Receiving;

/// <content>
/// The message cache of a link: messages that are reused without the pool, because a receiver usually returns one before it takes the next.
/// </content>
internal sealed partial class MessageCore
{
    private bool _isCached;
    private bool _isInHand;

    // A cached message whose sender waits for nothing, and whose cancellation token was not requested.
    private bool _isPlain;

    /// <summary>Whether the message belongs to its link's cache.</summary>
    public bool IsCached => _isCached;

    /// <summary>Whether the sender of a cached message waits for an answer that is not on its way yet.</summary>
    public bool IsInHand => Volatile.Read(ref _isInHand);

    /// <summary>Creates a message for the link's cache, not handed out.</summary>
    public static MessageCore Settle(MessagesInHand home)
    {
        MessageCore core = new() { _home = home, _isCached = true };
        core._givenBack = core._version;
        return core;
    }

    /// <summary>Whether a cached message has been returned. Called by the thread that hands it out.</summary>
    // Acquire: the thread that returned it no longer reads it. The release is in ReleaseCached.
    public bool IsBack => Volatile.Read(ref _givenBack) == _version;

    /// <summary>Returns whether a cached message without duties is back, and has memory for this body. For the thread that hands
    /// out.</summary>
    public bool IsPlainlyBack(int length) => IsBack && _isPlain && length <= _own.Length;

    /// <summary>Reuses a returned message with a copy of a short body. Called by one thread at a time, after
    /// <see cref="IsBack"/>.</summary>
    public void Reuse(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        if (_cancellation is not null)
        {
            // The token was requested while the message was being returned.
            ForgetCancellation();
        }

        Keep(header, body);
        _isCancelled = _isTakenBack = false;
        _isInHand = WantsAnswer;
        _isPlain = !_isInHand;
        Volatile.Write(ref _version, _version + 1);
        Begin();
    }

    /// <summary>Does the same if <see cref="IsPlainlyBack"/>, for a data message without a head.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReusePlain(ReadOnlySpan<byte> body)
    {
        body.CopyTo(_own);
        _incoming.Header = new MessageHeader { Kind = MessageKind.Send, Length = body.Length };
        _start = 0;
        _length = body.Length;
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>The memory of a returned message, for a copy of a short body.</summary>
    public Span<byte> Own => _own;

    /// <summary>Does the same for a published message that was copied into <see cref="Own"/>.</summary>
    public void ReusePublished(int headLength, int length)
    {
        _incoming.Header = new MessageHeader { Kind = MessageKind.Publish, HeadLength = (ushort)headLength, Length = length };
        _start = headLength;
        _length = length - headLength;
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>Returns a message without duties. Returns false if it has any; see <see cref="Release"/>.</summary>
    /// <remarks>A second call has no effect.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGiveBack(int version)
    {
        if (!_isPlain)
        {
            return false;
        }

        if (version == _version)
        {
            // Release: see ReleaseCached.
            Volatile.Write(ref _givenBack, version);
        }

        return true;
    }

    /// <summary>Notes that the answer to a cached message is on its way, or that its sender no longer waits.</summary>
    public void NoteSettled() => Volatile.Write(ref _isInHand, false);

    private void ReleaseCached(int version, string? reasonIfUnsettled)
    {
        if (WantsAnswer)
        {
            uint id = Id;
            MessageKind kind = Kind;
            if (TryTakeAnswer(version))
            {
                // A cancellation is noted only while the message is unanswered, so _isTakenBack does not change any more.
                PeerLink.Refuse(kind, id, _isTakenBack, reasonIfUnsettled);
                _home!.Settle(this);
            }
        }

        if (_cancellation is not null)
        {
            ForgetCancellation();
        }

        // Release: all reads of the message come before. The acquire is in IsBack. If two threads return the message at once, the second
        // write may come late. It then contains an old version, which no thread compares with.
        Volatile.Write(ref _givenBack, version);
    }
}
