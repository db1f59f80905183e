using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>Pattern → buffer → commit → wake.</content>
internal sealed partial class Link
{
    /// <summary>Bytes that lie together before a busy sender writes them itself; less is left to the <see cref="Flusher"/>.</summary>
    private const int BatchBytes = 64 * 1024;

    /// <summary>Attempts of a blocking sender without progress before it sleeps: some 50 µs.</summary>
    private const int PushAttempts = 100;

    private BiasedLock _sending = new(LockRank.LinkSending);
    private readonly SendQueue _queued;
    private SendWindow _window;
    private LinkOperation? _writing;
    private volatile OutputState _output;
    private bool _isPaused;
    private int _looks;
    private BurstDetector _burst;

    /// <summary>Data messages buffered, and how many of them the peer's user was handed.</summary>
    public (long Sent, long Acknowledged) SendCounts
    {
        get
        {
            using (HoldSending())
            {
                if (IsSeated)
                {
                    BroadcastTally tally = _seat!.Tally();
                    return (tally.Sent, tally.Sent - tally.Outstanding);
                }

                // On a bare link nobody acknowledges: what the kernel took counts.
                return (_window.Sent, _window.Read);
            }
        }
    }

    /// <summary>Payloads of at least so many bytes go the long way: out of the caller's own memory.</summary>
    public const int LongPayload = 64 * 1024;

    /// <summary>The longest message that the peer takes, head and payload together.</summary>
    public long LongestToPeer => _window.Longest;

    /// <summary>Whether the peer takes a message whose head and payload are so long together.</summary>
    public bool Takes(long length) => _window.Takes(length);

    /// <summary>Refuses what the framing cannot carry or the peer does not take.</summary>
    public void Check(ReadOnlySpan<byte> payload, int headLength = 0)
    {
        if (!Takes((long)headLength + payload.Length))
        {
            throw TooLarge(payload.Length, headLength);
        }

        _connection.Check(payload);
    }

    /// <summary>Now and then, when more than half of the window is used: the acknowledgements have probably come, and reading them in time saves sleeping for them.</summary>
    public bool ShouldLookForAcks() => !IsBare && _window.IsHalfUsed && IsTimeToLook();

    /// <summary>The same where more than half is known to be used.</summary>
    public bool IsTimeToLook() => (++_looks & 127) == 0;

    /// <summary>Whether something lies that the flusher will write.</summary>
    public bool IsDeferred => _output == OutputState.Deferred;

    private bool IsBlocked => _output == OutputState.Blocked;

    private bool IsBroken => _output == OutputState.Broken;

    /// <summary>Whether nothing is written now: the pump goes on, or nobody does.</summary>
    private bool TakesNoMore => _output >= OutputState.Blocked;

    /// <summary>Sends a data message if there is credit and nobody waits before it. Does not block.</summary>
    public LinkOutcome TrySend(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, LinkOperation? call = null)
    {
        LinkOutcome outcome;
        bool needsPump;
        using (HoldSending())
        {
            outcome = CanSend(head.Length + payload.Length);
            if (outcome == LinkOutcome.Sent)
            {
                Commit(ref header, head, payload, call, _queued.Missed == 0 ? 0 : TakeMissed(head.Length + payload.Length));
                if (call is not null)
                {
                    call.At = LinkOperation.Stage.AwaitingAnswer;
                }
            }

            // A full window is one to be written out, whatever the batch says.
            needsPump = outcome == LinkOutcome.Sent ? FlushSoon(mayWait: call is null) : IsDeferred && FlushNow();
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
        }

        return outcome;
    }

    /// <summary>
    /// Sends, waiting for credit and, where the payload is long, until it has been written out of the caller's memory. The operation is completed when that is done
    /// or, for a call, when the answer is in.
    /// </summary>
    public void Start(LinkOperation operation)
    {
        bool needsPump;
        Completions completions = Completions.Rent();
        using (HoldSending())
        {
            // Withdrawn before it began: then it is not sent, and nothing here may hold on to it.
            needsPump = !operation.IsClaimed && Begin(operation, completions);
        }

        completions.Run(inline: false);
        if (HasMoving)
        {
            _endpoint.Move(this);
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.ArmForWaiters();
        }
    }

    /// <summary>Under <c>_sending</c>. True when somebody must pump.</summary>
    private bool Begin(LinkOperation operation, Completions completions)
    {
        switch (!HasPlaceFor(operation) && CanControl == LinkOutcome.Sent ? LinkOutcome.Full : operation.Header.Kind.IsData() ? CanSend(operation.Length) : CanControl)
        {
            case LinkOutcome.PeerGone:
                EndUnsent(operation, completions, isLate: true);
                return false;
            case LinkOutcome.Full:
                NoteSlow();
                LinkOutcome outcome = _queued.Add(operation, Policy, completions);
                if (outcome != LinkOutcome.Sent)
                {
                    Finish(operation, outcome, completions);
                }

                return IsDeferred && FlushNow();
            default:
                operation.Missed = operation.Header.Kind.IsData() && _queued.Missed > 0 ? TakeMissed(operation.Length) : 0;
                CommitOperation(operation, completions);
                bool needsPump = FlushSoon(mayWait: !operation.WantsAnswer);
                if (Policy != FullMode.Wait && _writing == operation && !operation.WantsAnswer)
                {
                    // Its sender waits for nobody, however long the message is.
                    _connection.DetachLong();
                }

                CompleteWriting(completions);
                return needsPump;
        }
    }

    /// <summary>Sends a message that needs no credit: receipts, replies, acknowledgements, close. Long payloads are copied.</summary>
    public bool SendControl(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        bool needsPump;
        using (HoldSending())
        {
            if (_state == LinkState.Down || IsBroken)
            {
                return false;
            }

            Commit(ref header, head, payload, null);
            needsPump = FlushAnswer();
        }

        if (needsPump)
        {
            _endpoint.RequestPump();
        }

        return true;
    }

    private LinkOutcome CanSend(int length)
    {
        if (_state is LinkState.Down || IsBroken || !_close.IsOpen || _state is LinkState.PeerClosed)
        {
            return LinkOutcome.PeerGone;
        }

        if (_queued.Count > 0 || _state == LinkState.Handshaking)
        {
            return LinkOutcome.Full;
        }

        return HasCredit(length + (_queued.Missed > 0 ? MissedBytes : 0)) ? LinkOutcome.Sent : LinkOutcome.Full;
    }

    private LinkOutcome CanControl => _state is LinkState.Down || IsBroken ? LinkOutcome.PeerGone : LinkOutcome.Sent;

    private bool HasCredit(int length)
    {
        if (IsBare)
        {
            int unflushed = _connection.Unflushed;
            if (_connection.HasLong || (unflushed != 0 && unflushed + length > _window.Bytes))
            {
                return false;
            }

            if (_connection.Room?.Has(length) == false)
            {
                // The descriptor will tell, as it does where a flush could not go on.
                Block();
                return false;
            }

            return true;
        }

        if (IsSeated)
        {
            return _seat!.HasRoom(length);
        }

        return _window.HasCredit(length);
    }

    /// <summary>Copies a message into the connection's memory, behind all before it.</summary>
    private void Commit(ref MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, LinkOperation? call, long missed = 0)
    {
        int headLength = missed > 0 ? head.Length + MissedBytes : head.Length;
        Prepare(ref header, headLength, payload.Length, call);
        Span<byte> body = _connection.Reserve(header.Length);
        WriteHead(head, missed, body[..headLength]);
        payload.CopyTo(body[headLength..]);
        _connection.Commit(header);
        NoteLong(header);
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
            WriteHead(own, operation.Missed, head);
            Prepare(ref operation.Header, head.Length, operation.PayloadLength, call);
            _connection.BeginLong(operation.Header, head, operation.Payload);
            NoteLong(operation.Header);
            operation.At = LinkOperation.Stage.Writing;
            _writing = operation;
            return;
        }

        Attach(operation);
        if (operation.HasParts)
        {
            CommitParts(ref operation.Header, operation.Head, operation.Parts, call, operation.Missed);
        }
        else
        {
            Commit(ref operation.Header, operation.Head, operation.Payload.Span, call, operation.Missed);
        }

        if (call is null)
        {
            Finish(operation, LinkOutcome.Sent, completions);
        }
        else
        {
            operation.At = LinkOperation.Stage.AwaitingAnswer;
        }
    }

    private void Prepare(ref MessageHeader header, int headLength, int payloadLength, LinkOperation? call)
    {
        header.HeadLength = checked((ushort)headLength);
        header.Length = checked(headLength + payloadLength);
        if (_seat is not null && header.Kind.IsData())
        {
            LeaveSeat();
        }

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

    /// <summary>Lets those who wait for credit go on, in their order.</summary>
    private void ServeQueued(Completions completions)
    {
        bool any = false;
        while (_queued.Count > 0 && _state == LinkState.Up && !IsBroken && !_close.HasSaid)
        {
            LinkOperation operation = _queued.First;
            if (operation.IsClaimed)
            {
                _queued.DequeueUnsent();
                continue;
            }

            int length = operation.Length + (operation.Missed > 0 ? MissedBytes : 0);
            if (!HasCredit(length) || !HasPlaceFor(operation) || (_connection.HasLong && operation.PayloadLength >= _connection.LongThreshold))
            {
                break;
            }

            _queued.Dequeue();
            DeferMissed(operation);
            if (IsBare && !IsStillGood(operation, completions))
            {
                continue;
            }

            CommitOperation(operation, completions);
            any = true;
            if (_connection.Unflushed >= BatchBytes || _connection.HasLong)
            {
                FlushNow();
                CompleteWriting(completions);
            }
        }

        if (any)
        {
            FlushNow();
            CompleteWriting(completions);
        }

        TellMissed();
        CloseIfDue();
        EndSendingIfDue();
    }

    /// <summary>
    /// Asks the connection again before a message that has waited is sent: the disk can have become full meanwhile. A waiting caller is
    /// told.
    /// </summary>
    private bool IsStillGood(LinkOperation operation, Completions completions)
    {
        try
        {
            _connection.Check(operation.Payload.Span);
            return true;
        }
        catch (FairleadException) when (operation.IsLeft)
        {
            // No caller waits that could be told: the connection ends with this message, and says so.
            return true;
        }
        catch (FairleadException exception)
        {
            operation.At = LinkOperation.Stage.Ended;
            if (operation.TryFail(exception.Address is null ? exception.At(_endpoint.Address) : exception))
            {
                completions.Add(operation);
            }

            return false;
        }
    }

    private void Finish(LinkOperation operation, LinkOutcome outcome, Completions completions)
    {
        operation.At = LinkOperation.Stage.Ended;
        if (operation.TryComplete(operation.Unanswered(outcome, this, wasSent: outcome == LinkOutcome.Sent)))
        {
            completions.Add(operation);
        }
    }
}
