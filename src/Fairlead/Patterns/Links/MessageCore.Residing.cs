using System.Runtime.CompilerServices;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>The messages of a link whose receiver mostly gives one back before he takes the next: they go from hand to hand without a
/// pool.</content>
internal sealed partial class MessageCore
{
    private bool _isResident;
    private bool _isInHand;

    // A resident whose sender waits for nothing, and whose cancellation nobody has asked for.
    private bool _isPlain;

    /// <summary>Whether its link finds it by itself.</summary>
    public bool IsResident => _isResident;

    /// <summary>Whether the sender of a resident waits for an answer, which is not yet on its way.</summary>
    public bool IsInHand => Volatile.Read(ref _isInHand);

    /// <summary>One that stays with its link, not handed out.</summary>
    public static MessageCore Settle(Link link)
    {
        MessageCore core = new() { Link = link, _isResident = true };
        core._givenBack = core._version;
        return core;
    }

    /// <summary>Whether a resident is back. By whoever hands it out.</summary>
    // Acquire: who gave it back no longer reads in it. Its release is in ReleaseResident.
    public bool IsBack => Volatile.Read(ref _givenBack) == _version;

    /// <summary>Whether one of which there was nothing to say is back, and has memory for such a body. By whoever hands it out.</summary>
    public bool IsPlainlyBack(int length) => IsBack && _isPlain && length <= _own.Length;

    /// <summary>Hands it out once more, with a copy of a short body. One at a time, who has seen that it is back.</summary>
    public void Reuse(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        if (_cancellation is not null)
        {
            // Asked for while the message was being given back.
            ForgetCancellation();
        }

        Keep(header, body);
        _isCancelled = _isTakenBack = false;
        _isInHand = WantsAnswer;
        _isPlain = !_isInHand;
        Volatile.Write(ref _version, _version + 1);
        Begin();
    }

    /// <summary>The same of one that <see cref="IsPlainlyBack"/>, for a message that is plain, too.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReusePlain(ReadOnlySpan<byte> body)
    {
        body.CopyTo(_own);
        _incoming.Header = new MessageHeader { Kind = MessageKind.Send, Length = body.Length };
        _start = 0;
        _length = body.Length;
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>The memory of one that is back, for a copy of a short body.</summary>
    public Span<byte> Own => _own;

    /// <summary>As <see cref="ReusePlain"/>, of a published message that was copied into <see cref="Own"/>.</summary>
    public void ReusePublished(int headLength, int length)
    {
        _incoming.Header = new MessageHeader { Kind = MessageKind.Publish, HeadLength = (ushort)headLength, Length = length };
        _start = headLength;
        _length = length - headLength;
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>
    /// Gives a message back of which there is nothing to say to anybody; false where there is, see <see cref="Release"/>. Harmless the
    /// second time.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGiveBack(int version)
    {
        if (!_isPlain)
        {
            return false;
        }

        if (version == _version)
        {
            // Release: see ReleaseResident.
            Volatile.Write(ref _givenBack, version);
        }

        return true;
    }

    /// <summary>The answer to a resident is on its way, or nobody waits for it any more.</summary>
    public void LetGo() => Volatile.Write(ref _isInHand, false);

    private void ReleaseResident(int version, string? reasonIfUnsettled)
    {
        if (WantsAnswer)
        {
            uint id = Id;
            MessageKind kind = Kind;
            if (TryTakeAnswer(version))
            {
                // A cancellation is noted only while the message is unanswered: this one does not change any more.
                Refuse(Link, kind, id, _isTakenBack, reasonIfUnsettled);
                Link.Receiving.RemoveActive(this);
            }
        }

        if (_cancellation is not null)
        {
            ForgetCancellation();
        }

        // Release: what was read in it was read before. Its acquire is IsBack. Said late, by the second of two who give it back at once, it
        // names a version that is over, and nobody asks for that.
        Volatile.Write(ref _givenBack, version);
    }
}
