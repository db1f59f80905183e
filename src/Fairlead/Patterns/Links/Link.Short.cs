using System.Runtime.CompilerServices;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// The short way down: a message whose connection takes it whole, while nothing waits before it, is with the peer before it is counted here. What is unusual about it goes the ordinary way, which says what.
/// </content>
internal sealed partial class Link
{
    /// <summary>Sends a message that is nothing but its payload. False: nothing was done.</summary>
    public bool TrySendShort(MessageKind kind, ReadOnlySpan<byte> payload, int me)
    {
        // Left by hand: nothing in here throws, and what stands in a try block is kept in memory instead of in registers.
        BiasedLock.Scope sending = _sending.Hold(me);
        bool isSent = false;
        if (IsPlain && MayTake(payload.Length))
        {
            MessageHeader header = new() { Kind = kind, Length = payload.Length, Ack = Volatile.Read(ref _consumed) };
            isSent = _connection.TrySend(header, default, payload);
            if (isSent)
            {
                NoteSent(header.Ack, header.Length, payload.Length);
            }
        }

        sending.Dispose();
        return isSent;
    }

    /// <summary>Sends an answer: the same without credit.</summary>
    private bool TryAnswerShort(MessageKind kind, uint id, ReadOnlySpan<byte> payload)
    {
        using (_sending.Hold())
        {
            if (!IsPlain)
            {
                return false;
            }

            MessageHeader header = new() { Kind = kind, Length = payload.Length, Id = id, Ack = Volatile.Read(ref _consumed) };
            if (!_connection.TrySend(header, default, payload))
            {
                return false;
            }

            _ackWritten = header.Ack;
        }

        return true;
    }

    /// <summary>Whether what is sent now goes at once, as far as credit and room allow. Under <c>_sending</c>.</summary>
    private bool IsPlain => _state == LinkState.Up && !(_isBroken | _isBlocked | _sendsNoMore | IsBare) && _queued.Count == 0 && _queued.Missed == 0 && _seat is null;

    private bool MayTake(int length) =>
        Takes(length) && _outstanding.HasPlace && _outstanding.Count < _windowMessages && (_outstanding.Count < AlwaysOutstanding || _outstanding.Bytes + length <= _windowBytes);

    /// <summary>Behind the sending of a data message. Under <c>_sending</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void NoteSent(uint ack, int length, int payloadLength)
    {
        // No store that changes nothing: those that follow a message wait until the memory of the ring is here to be written to.
        if (_ackWritten != ack)
        {
            _ackWritten = ack;
        }

        if (_takenInRow != 0)
        {
            _takenInRow = 0;
        }

        _outstanding.Add(length);
        if (_endpoint.MostPeers == 1)
        {
            // One link after the other, and each counts under its send lock.
            _endpoint.Counters.AddSentAlone(payloadLength);
        }
        else
        {
            _endpoint.Counters.AddSent(payloadLength);
        }
    }
}
