using System.Buffers;
using Fairlead.Framing;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>A message into the connection's memory: room for it, its head, its payload; then it is counted, and committed.</content>
internal sealed partial class LinkOutput
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
    public void Commit(
        ref MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, long missed = 0, LinkOperation? call = null)
    {
        payload.CopyTo(Reserve(ref header, head, missed, payload.Length));
        CommitReserved(ref header, payload.Length, call);
    }

    /// <summary>The same of a payload that lies in several buffers.</summary>
    public void CommitParts(ref MessageHeader header, ReadOnlySpan<byte> head, in ReadOnlySequence<byte> parts, long missed)
    {
        parts.CopyTo(Reserve(ref header, head, missed, (int)parts.Length));
        CommitReserved(ref header, (int)parts.Length, null);
    }

    /// <summary>
    /// The same of an operation, which ends with it unless it waits for an answer. A long payload is not copied, but written from where it
    /// lies.
    /// </summary>
    public void CommitOperation(LinkOperation operation, Completions completions)
    {
        LinkOperation? call = operation.WantsAnswer ? operation : null;
        if (operation.PayloadLength >= _connection.LongThreshold && !_connection.HasLong && operation.Handle is null)
        {
            // The one before may have got away behind somebody else's back, who could not tell its sender.
            CompleteWriting(completions);
            ReadOnlySpan<byte> own = operation.Head;
            Span<byte> head = stackalloc byte[operation.Missed > 0 ? own.Length + MissedMessages.HeadBytes : own.Length];
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
            operation.Finish(LinkOutcome.Sent, _link, completions);
        }
        else
        {
            operation.At = LinkOperation.Stage.AwaitingAnswer;
        }
    }

    /// <summary>A message that its sender has written where it lies.</summary>
    public void CommitLoan(MemoryOutput memory, MessageHeader header, int length)
    {
        Measure(ref header, 0, length);
        Count(ref header, length, null);
        memory.CommitLoan(header);
    }

    /// <summary>Memory for a payload, behind its head, which is written.</summary>
    private Span<byte> Reserve(ref MessageHeader header, ReadOnlySpan<byte> head, long missed, int payloadLength)
    {
        int headLength = missed > 0 ? head.Length + MissedMessages.HeadBytes : head.Length;
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

    private void Measure(ref MessageHeader header, int headLength, int payloadLength)
    {
        header.HeadLength = checked((ushort)headLength);
        header.Length = checked(headLength + payloadLength);
        if (_link.Place.Seat is not null && header.Kind.IsData())
        {
            _link.Place.Leave();
        }
    }

    private void Count(ref MessageHeader header, int payloadLength, LinkOperation? call)
    {
        if (call is not null)
        {
            call.Header.Id = header.Id = _link.Calls.Pending.Add(call);
        }

        if (header.Kind.IsData())
        {
            _link.Reader.EndStream();
            if (_link.IsBare)
            {
                _link.Sending.Window.AddUnanswered(header.Length);
            }
            else
            {
                _link.Sending.Window.Add(header.Length);
            }

            if (call is not null)
            {
                call.Number = _link.Sending.Window.LastNumber;
            }

            _endpoint.Counters.AddSent(payloadLength);
        }

        if (!Handshake.IsHandshake(header))
        {
            header.Ack = _link.Receiving.Inbound.Window.Write();
        }
    }

    /// <summary>Behind each commit: a long message is not with the peer before the kernel has all of it. Under the send lock.</summary>
    private void NoteLong(in MessageHeader header)
    {
        if (header.Length >= LongPayload && !_link.IsBare && header.Kind.IsData() && Unwritten is > 0 and long rest)
        {
            _link.Sending.Window.AddHalfWritten(header.Id, rest);
        }
    }

    /// <summary>The message is about to be committed, and its file with it.</summary>
    private void Attach(LinkOperation operation)
    {
        if (operation.TakeHandle() is { } handle)
        {
            _connection.Handles!.Attach(handle);
            _link.Handles.NoteSent(_link.Sending.Window.LastNumber + 1);
        }
    }

    /// <summary>The long message that was being written is through.</summary>
    public void CompleteWriting(Completions completions)
    {
        if (_writing is not { } operation || _connection.HasLong)
        {
            return;
        }

        _writing = null;
        if (operation.WantsAnswer)
        {
            operation.At = LinkOperation.Stage.AwaitingAnswer;
        }
        else
        {
            operation.Finish(LinkOutcome.Sent, _link, completions);
        }
    }

    /// <summary>
    /// The rest of a long message is copied, so that the sender has the memory back. Where there is none for the copy, nothing more is
    /// written. Under the send lock.
    /// </summary>
    public void DetachLong()
    {
        try
        {
            _connection.DetachLong();
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    /// <summary>
    /// The sender of the message that is being written waits no more. Half of it may be on the wire: the rest is copied, and it is sent
    /// after all. Whether it is the caller's to end; else it has ended as sent.
    /// </summary>
    public bool TryForgo(LinkOperation operation, Completions completions)
    {
        DetachLong();
        if (!operation.WantsAnswer && !IsBroken)
        {
            CompleteWriting(completions);
            return false;
        }

        _writing = null;
        return true;
    }

    /// <summary>The link is over: what of it is being written is not written out. Its operation, which waits for an answer.</summary>
    public LinkOperation? EndWriting(Completions completions)
    {
        if (_writing is not { } writing)
        {
            return null;
        }

        DetachLong();
        _writing = null;
        if (!writing.WantsAnswer)
        {
            writing.Finish(LinkOutcome.PeerGone, _link, completions);
        }

        return writing;
    }
}
