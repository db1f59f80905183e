using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>
/// The short way of a call: its request is with the peer before anything is noted of it, and its caller, who alone waits here, looks for the reply himself. Until then the call stands apart from the
/// others; whoever needs all of them finds it among them.
/// </content>
internal sealed unsafe partial class Link
{
    private readonly Dictionary<uint, LinkOperation> _calls = [];

    // The call that stands apart. Not completed as long as it does, so that the same operation serves one call after the other.
    private LinkOperation? _apart;
    private LinkOperation? _spare;
    private BorrowedMemory? _lent;

    /// <summary>All that wait for an answer, by their ids. Under <c>_sending</c>.</summary>
    private Dictionary<uint, LinkOperation> Calls
    {
        get
        {
            if (_apart is { } call)
            {
                // From here on it is one of many, and so are its operation and what it has borrowed.
                _apart = _spare = null;
                call.Borrow(_lent!);
                _lent = null;
                _calls.Add(call.Header.Id, call);
            }

            return _calls;
        }
    }

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
            if (!IsPlain || _apart is not null || length >= LongPayload || !HasCreditAtOnce(head.Length + length))
            {
                return null;
            }

            uint id = ++_nextId;
            if (id == 0 || (_calls.Count > 0 && _calls.ContainsKey(id)))
            {
                return null;
            }

            MessageHeader header = new() { Kind = MessageKind.Request, Flags = flags, HeadLength = (ushort)head.Length, Length = head.Length + length, Id = id, Ack = _receives.Consumed };
            if (!_memoryOutput!.TrySend(header, head, new ReadOnlySpan<byte>(payload, length)))
            {
                return null;
            }

            NoteSent(header.Ack, header.Length, length);
            LinkOperation call = _spare ??= LinkOperation.Rent(_endpoint, isBlocking: true, header, default);
            (_lent ??= BorrowedMemory.Rent(null, 0)).Lend(payload, length);
            call.Resume(this, header, head, _window.LastNumber, deadline);
            _apart = call;
            return call;
        }
    }

    /// <summary>Takes the reply to a call that stands apart, if it lies there next. Else the call goes on as any other. Under the endpoint's gate while nobody pumps.</summary>
    public MessageCore? TryPullReply(LinkOperation call, int me)
    {
        if (_state != LinkState.Up || _isPaused || _arrived.Count > 0 || _memoryInput is not { } input || !input.TryPeek(out MessageHeader header, out ReadOnlySpan<byte> body)
            || header.Kind != MessageKind.Reply || header.Id != call.Header.Id || header.HeadLength > 0)
        {
            return null;
        }

        using (_sending.Hold(me))
        {
            if (_apart != call || !TryNoteAck(header.Ack))
            {
                return null;
            }

            _apart = null;
        }

        MessageCore reply;
        if (input.IsWorthLending(body.Length))
        {
            reply = MessageCore.Rent(this, input.Lend(header, body.Length));
        }
        else
        {
            reply = Keep(header, body);
            _ = input.TryPass(body.Length);
        }

        _heartbeat?.Hear();

        return reply;
    }
}
