using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>The messages of a link whose receiver mostly gives one back before he takes the next: they go from hand to hand without a pool.</content>
internal sealed partial class MessageCore
{
    private bool _isResident;
    private bool _isInHand;

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

    /// <summary>Hands it out once more, with a copy of a short body. One at a time, who has seen that it is back.</summary>
    public void Reuse(in MessageHeader header, ReadOnlySpan<byte> body)
    {
        if (_cancellation is not null)
        {
            // Asked for while the message was being given back.
            ForgetCancellation();
        }

        Keep(header, body);
        _isInHand = WantsAnswer;
        Volatile.Write(ref _version, _version + 1);
        Begin();
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
                Refuse(Link, kind, id, reasonIfUnsettled);
                Link.RemoveActive(this);
            }
        }

        if (_cancellation is not null)
        {
            ForgetCancellation();
        }

        // Release: what was read in it was read before. Its acquire is IsBack. Said late, by the second of two who give it back at once, it names a version that is over, and nobody asks for that.
        Volatile.Write(ref _givenBack, version);
    }
}
