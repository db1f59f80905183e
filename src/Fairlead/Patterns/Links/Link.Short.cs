using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// The short way down: a message whose connection takes it whole, while nothing waits before it, is with the peer before it is counted
/// here. What is unusual about it goes the ordinary way, which says what.
/// </content>
internal sealed partial class Link
{
    // Whether IsPlain has said so, and nobody has had the send lock since who might have changed it.
    private bool _isKnownPlain;

    /// <summary>The send lock for all but those on the short way, who leave alone what <see cref="IsPlain"/> looks at.</summary>
    private BiasedLock.Scope HoldSending()
    {
        BiasedLock.Scope held = _sending.Hold();
        _isKnownPlain = false;
        return held;
    }

    /// <summary>
    /// Sends a plain message, if that goes at once. Unless it says <see cref="PlainSending.NotSent"/>, it is with the peer.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PlainSending TrySendPlain(ReadOnlySpan<byte> payload, int me)
    {
        // Left by hand: nothing in here throws, and what stands in a try block is kept in memory instead of in registers.
        BiasedLock.Scope sending = _sending.Hold(me);
        PlainSending outcome = PlainSending.NotSent;
        int count = _window.Outstanding;
        long bytes = _window.OutstandingBytes + payload.Length;
        if ((_isKnownPlain || (_isKnownPlain = IsPlain)) && _window.HasCreditAtOnce(payload.Length, count, bytes))
        {
            uint ack = _inbound.Window.Consumed;
            if (_memoryOutput!.TrySendPlain(ack, payload))
            {
                NoteSent(ack, payload.Length, payload.Length);
                outcome = _window.IsHalf(count, bytes) ? PlainSending.HalfFull : PlainSending.Sent;
            }
        }

        sending.Dispose();
        return outcome;
    }

    /// <summary>Sends an answer: the same without credit.</summary>
    private bool TryAnswerShort(MessageKind kind, uint id, ReadOnlySpan<byte> payload)
    {
        using (_sending.Hold())
        {
            if (_memoryOutput is not { } output || !IsPlain)
            {
                return false;
            }

            MessageHeader header = new() { Kind = kind, Length = payload.Length, Id = id, Ack = _inbound.Window.Consumed };
            if (!output.TrySend(header, default, payload))
            {
                return false;
            }

            _inbound.Window.NoteWritten(header.Ack);
        }

        return true;
    }

    /// <summary>Whether what is sent now goes at once, as far as credit and room allow. Under <c>_sending</c>.</summary>
    private bool IsPlain =>
        _state == LinkState.Up && _close.IsOpen && !(TakesNoMore | IsBare) && _queued.Count == 0 && _queued.Missed == 0 && _seat is null;

    private bool HasCreditAtOnce(int length) => _window.HasCreditAtOnce(length, _window.Outstanding, _window.OutstandingBytes + length);

    /// <summary>Behind the sending of a data message that <see cref="HasCreditAtOnce"/> let pass. Under <c>_sending</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteSent(uint ack, int length, int payloadLength)
    {
        _inbound.Window.NoteWritten(ack);
        EndStream();
        _window.AddAtOnce(length);
        if (_countsAlone)
        {
            // One link after the other, and each counts under its send lock.
            _counters.AddSentAlone(payloadLength);
        }
        else
        {
            _counters.AddSent(payloadLength);
        }
    }
}

/// <summary>What became of <see cref="Link.TrySendPlain"/>.</summary>
internal enum PlainSending
{
    /// <summary>Nothing was done.</summary>
    NotSent,

    /// <summary>It is with the peer.</summary>
    Sent,

    /// <summary>It is, and more than half of the window is used.</summary>
    HalfFull,
}
