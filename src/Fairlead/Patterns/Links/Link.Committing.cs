using System.Buffers;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>A message into the connection's memory: room for it, its head, its payload; then it is counted, and committed. All under
/// <c>_sending</c>.</content>
internal sealed partial class Link
{
    /// <summary>
    /// Copies a message into the connection's memory, behind all before it. Where there is no memory for it nothing has changed, and that
    /// is thrown.
    /// </summary>
    /// <param name="header">Its lengths, its id and what it acknowledges are set here.</param>
    /// <param name="head">Stands before the payload.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="missed">What it says of those dropped before it.</param>
    /// <param name="call">That waits for the answer.</param>
    private void Commit(
        ref MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, long missed = 0, LinkOperation? call = null)
    {
        payload.CopyTo(Reserve(ref header, head, missed, payload.Length));
        CommitReserved(ref header, payload.Length, call);
    }

    /// <summary>Memory for a payload, behind its head, which is written.</summary>
    private Span<byte> Reserve(ref MessageHeader header, ReadOnlySpan<byte> head, long missed, int payloadLength)
    {
        int headLength = missed > 0 ? head.Length + MissedBytes : head.Length;
        Measure(ref header, headLength, payloadLength);
        Span<byte> body = _connection.Reserve(header.Length);
        MissedMessages.WriteHead(head, missed, body[..headLength]);
        return body[headLength..];
    }

    /// <summary>The payload has been copied: from here on the message is counted, and whatever goes wrong is the link's end.</summary>
    private void CommitReserved(ref MessageHeader header, int payloadLength, LinkOperation? call)
    {
        Count(ref header, payloadLength, call);
        try
        {
            _connection.Commit(header);
            NoteLong(header);
        }
        catch (Exception exception)
        {
            Break(exception, call);
            throw;
        }
    }

    private void CommitOperation(LinkOperation operation, Completions completions)
    {
        LinkOperation? call = operation.WantsAnswer ? operation : null;
        if (operation.PayloadLength >= _connection.LongThreshold && !_connection.HasLong && operation.Handle is null)
        {
            // The one before may have got away behind somebody else's back, who could not tell its sender.
            CompleteWriting(completions);
            ReadOnlySpan<byte> own = operation.Head;
            Span<byte> head = stackalloc byte[operation.Missed > 0 ? own.Length + MissedBytes : own.Length];
            MissedMessages.WriteHead(own, operation.Missed, head);
            ReadOnlyMemory<byte> payload = operation.Payload;
            Measure(ref operation.Header, head.Length, payload.Length);
            Count(ref operation.Header, payload.Length, call);
            try
            {
                _connection.BeginLong(operation.Header, head, payload);
                NoteLong(operation.Header);
            }
            catch (Exception exception)
            {
                Break(exception, call);
                throw;
            }

            operation.At = LinkOperation.Stage.Writing;
            _writing = operation;
            return;
        }

        operation.CopyTo(Reserve(ref operation.Header, operation.Head, operation.Missed, operation.PayloadLength));
        Attach(operation);
        CommitReserved(ref operation.Header, operation.PayloadLength, call);
        if (call is null)
        {
            Finish(operation, LinkOutcome.Sent, completions);
        }
        else
        {
            operation.At = LinkOperation.Stage.AwaitingAnswer;
        }
    }

    private void Measure(ref MessageHeader header, int headLength, int payloadLength)
    {
        header.HeadLength = checked((ushort)headLength);
        header.Length = checked(headLength + payloadLength);
        if (_seat is not null && header.Kind.IsData())
        {
            LeaveSeat();
        }
    }

    private void Count(ref MessageHeader header, int payloadLength, LinkOperation? call)
    {
        if (call is not null)
        {
            call.Header.Id = header.Id = _calls.Add(call);
        }

        if (header.Kind.IsData())
        {
            EndStream();
            if (IsBare)
            {
                _window.AddUnanswered(header.Length);
            }
            else
            {
                _window.Add(header.Length);
            }

            if (call is not null)
            {
                call.Number = _window.LastNumber;
            }

            _endpoint.Counters.AddSent(payloadLength);
        }

        if (!Handshake.IsHandshake(header))
        {
            header.Ack = _inbound.Window.Write();
        }
    }

    private void CommitParts(ref MessageHeader header, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> parts, long missed)
    {
        parts.CopyTo(Reserve(ref header, head, missed, (int)parts.Length));
        CommitReserved(ref header, (int)parts.Length, null);
    }
}
