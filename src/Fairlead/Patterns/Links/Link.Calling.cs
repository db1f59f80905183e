using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>
/// The short way of a call: its request is with the peer before anything is noted of it, and its caller, which alone waits here, looks for
/// the reply itself. Until then the call stands apart (<see cref="PendingCalls"/>).
/// </content>
internal sealed unsafe partial class Link
{
    private readonly PendingCalls _calls = new();

    /// <summary>Asks, if that goes at once and no other call stands apart. Null: nothing was done.</summary>
    /// <param name="flags">Of the request.</param>
    /// <param name="head">What stands before it.</param>
    /// <param name="payload">Stays where it is until the operation has ended, or <see cref="TryPullReply"/> has found the reply.</param>
    /// <param name="length">Of the payload.</param>
    /// <param name="deadline">When its caller gives up.</param>
    /// <param name="me">The calling thread.</param>
    public LinkOperation? TryAskShort(MessageFlags flags, ReadOnlySpan<byte> head, byte* payload, int length, Deadline deadline, int me)
    {
        using (_sending.Hold(me))
        {
            if (!IsPlain || !_calls.HasPlaceApart || length >= LongPayload || !HasCreditAtOnce(head.Length + length))
            {
                return null;
            }

            if (!_calls.TryTakeId(out uint id))
            {
                return null;
            }

            MessageHeader header = new()
            {
                Kind = MessageKind.Request,
                Flags = flags,
                HeadLength = (ushort)head.Length,
                Length = head.Length + length,
                Id = id,
                Ack = _inbound.Window.Consumed,
            };
            if (!_memoryOutput!.TrySend(header, head, new ReadOnlySpan<byte>(payload, length)))
            {
                return null;
            }

            NoteSent(header.Ack, header.Length, length);
            return _calls.KeepApart(this, header, head, payload, length, _window.LastNumber, deadline);
        }
    }

    /// <summary>
    /// Takes the reply to a call that stands apart, if it lies there next. Else the call goes on as any other. Under the endpoint's gate
    /// while nobody pumps.
    /// </summary>
    public MessageCore? TryPullReply(LinkOperation call, int me)
    {
        if (_state != LinkState.Up
            || _isPaused
            || _inbound.Arrived > 0
            || _memoryInput is not { } input
            || !input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
            || header.Kind != MessageKind.Reply
            || header.Id != call.Header.Id
            || header.HeadLength > 0)
        {
            return null;
        }

        using (_sending.Hold(me))
        {
            if (!_calls.IsApart(call) || !TryNoteAck(header.Ack))
            {
                return null;
            }

            _calls.TakeApart();
        }

        MessageCore reply;
        if (input.IsWorthLending(body.Length))
        {
            reply = MessageCore.Rent(this, input.Lend(header, body.Length));
        }
        else
        {
            reply = _inHand.Keep(header, body);
            _ = input.TryPass(body.Length);
        }

        _heartbeat?.Hear();
        return reply;
    }
}
