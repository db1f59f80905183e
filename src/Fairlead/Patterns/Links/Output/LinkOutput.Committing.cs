using System.Buffers;
using Fairlead.Framing;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Output;

/// <content>Committing a message: reserve memory, copy head and payload, count it, and commit it.</content>
internal sealed partial class LinkOutput
{
    /// <summary>The most messages that are published to a peer's memory together. <c>bench/README.md</c> states what that buys.</summary>
    public const int PublishedTogether = 8;

    private int _heldBack;

    /// <summary>Returns whether the message about to be written to the peer's memory is published only with a later one.</summary>
    /// <remarks>
    /// A peer that polls takes the cache line of the position from this CPU with each look. To publish each message would cost both CPUs
    /// more than the message. Only brief continuations hold back. <see cref="Continuations"/> publishes when the last of them has run, and
    /// its watcher does so if one of them blocks. Under the send lock.
    /// </remarks>
    /// <param name="together">How many messages are published together.</param>
    /// <param name="moreFollow">Whether more messages follow, although no continuation waits behind this one.</param>
    public bool HoldsBack(int together, bool moreFollow = false)
    {
        Continuations told = _endpoint.Pump.Continuations;
        if (_writeMode != WriteMode.Balanced || !told.AreBriefHere || !(moreFollow || told.HasMore) || ++_heldBack >= together)
        {
            _heldBack = 0;
            return false;
        }

        if (IsDeferred)
        {
            return true;
        }

        Become(OutputState.Deferred);

        // Checked again behind the fence of Become: the watcher may have found this thread blocked, and nothing deferred.
        return told.IsHere;
    }

    /// <summary>Copies a message into the connection's memory, behind all earlier ones.</summary>
    /// <remarks>Throws without a change if the memory is not available.</remarks>
    /// <param name="header">The header. Its lengths, its id and its acknowledgement are set here.</param>
    /// <param name="head">Placed before the payload.</param>
    /// <param name="payload">The payload, which is copied.</param>
    /// <param name="missed">The number of messages dropped before this one, to report in its head.</param>
    /// <param name="call">The call that waits for the answer, if any.</param>
    public void Commit(
        ref MessageHeader header, ReadOnlySpan<byte> head, in OutgoingPayload payload, long missed = 0, LinkOperation? call = null)
    {
        payload.CopyTo(Reserve(ref header, head, missed, payload.Length));
        CommitReserved(ref header, payload.Length, call);
    }

    /// <summary>Commits the message of an operation, and ends the operation unless it waits for an answer.</summary>
    /// <remarks>A long payload is not copied but written from its original memory.</remarks>
    public void CommitOperation(LinkOperation operation, Completions completions)
    {
        LinkOperation? call = operation.WantsAnswer ? operation : null;
        if (operation.PayloadLength >= _connection.LongThreshold && !_connection.HasLong && operation.Handle is null)
        {
            // The previous long message may have been written out by a thread that could not complete its operation.
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

    /// <summary>Commits a message that its sender has written in place.</summary>
    public void CommitLoan(MemoryOutput memory, MessageHeader header, int length)
    {
        Measure(ref header, 0, length);
        Count(ref header, length, null);
        memory.CommitLoan(header);
    }

    /// <summary>Reserves memory, writes the head, and returns the memory for the payload.</summary>
    private Span<byte> Reserve(ref MessageHeader header, ReadOnlySpan<byte> head, long missed, int payloadLength)
    {
        int headLength = missed > 0 ? head.Length + MissedMessages.HeadBytes : head.Length;
        Measure(ref header, headLength, payloadLength);
        Span<byte> body = _connection.Reserve(header.Length);
        MissedMessages.WriteHead(head, missed, body[..headLength]);
        return body[headLength..];
    }

    /// <summary>Counts and commits a message whose payload has been copied. From here on, an error ends the link.</summary>
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
        if (_side.BroadcastSlot is not null && header.Kind.IsData())
        {
            _side.Leave();
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
            _inbound.EndStream();
            long rest = _connection.Unflushed > 0 || _connection.HasLong ? _longestUnwritten : 0;
            _longestUnwritten = Math.Max(rest, (long)header.Length + MessageHeader.Size);
            if (_link.IsRaw)
            {
                _side.Window.AddUnanswered(header.Length);
            }
            else
            {
                _side.Window.Add(header.Length);
            }

            if (call is not null)
            {
                call.Number = _side.Window.LastNumber;
            }

            _endpoint.Counters.AddSent(payloadLength);
        }

        if (!Handshake.IsHandshake(header))
        {
            header.Ack = _inbound.ReceiveQueue.Window.Write();
        }
    }

    /// <summary>Notes a long message that the kernel has only in part: the peer cannot have it yet. Under the send lock.</summary>
    private void NoteLong(in MessageHeader header)
    {
        if (header.Length >= LongPayload && !_link.IsRaw && header.Kind.IsData() && Unwritten is > 0 and long rest)
        {
            _side.Window.AddHalfWritten(header.Id, rest);
        }
    }

    /// <summary>Attaches the operation's file to the message that is about to be committed.</summary>
    private void Attach(LinkOperation operation)
    {
        if (operation.TakeHandle() is { } handle)
        {
            _connection.Handles!.Attach(handle);
            _link.HandleWindow.NoteSent(_side.Window.LastNumber + 1);
        }
    }

    /// <summary>Completes the operation of a long message once it is written out.</summary>
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

    /// <summary>Copies the rest of a long message, which returns the memory to its sender. Under the send lock.</summary>
    /// <remarks>If the memory for the copy is not available, nothing more is written.</remarks>
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

    /// <summary>Releases the sender of a partly written message from waiting: the rest is copied and sent.</summary>
    /// <remarks>Returns true if the caller has to end the operation. Otherwise it has ended as sent.</remarks>
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

    /// <summary>Stops writing the long message because the link is over. Returns its operation if that waits for an answer.</summary>
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
