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
            throw LinkErrors.TooLarge(this, payload.Length, headLength);
        }

        _connection.Check(payload);
    }

    /// <summary>
    /// Now and then, when more than half of the window is used: the acknowledgements have probably come, and reading them in time saves
    /// sleeping for them.
    /// </summary>
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
    /// <param name="header">Of the message; its lengths, its id and what it acknowledges are set here.</param>
    /// <param name="head">Stands before the payload.</param>
    /// <param name="payload">Copied.</param>
    /// <param name="call">That waits for the answer.</param>
    /// <param name="isStream">Whether more is known to follow at once.</param>
    public LinkOutcome TrySend(
        MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, LinkOperation? call = null, bool isStream = false)
    {
        LinkOutcome outcome;
        bool needsPump;
        using (HoldSending())
        {
            outcome = CanSend(head.Length + payload.Length);
            if (outcome == LinkOutcome.Sent)
            {
                long missed = MissedToTell(head.Length + payload.Length);
                Commit(ref header, head, payload, missed, call);
                NoteMissedTold(missed);
                if (call is not null)
                {
                    call.At = LinkOperation.Stage.AwaitingAnswer;
                }
            }

            // A full window is one to be written out, whatever the batch says.
            needsPump = outcome == LinkOutcome.Sent ? FlushSoon(mayWait: call is null, isStream) : IsDeferred && FlushNow();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return outcome;
    }

    /// <summary>
    /// Sends, waiting for credit and, where the payload is long, until it has been written out of the caller's memory. The operation is
    /// completed when that is done or, for a call, when the answer is in.
    /// </summary>
    public void Start(LinkOperation operation)
    {
        bool needsPump;
        using (Completions completions = Completions.Rent())
        using (HoldSending())
        {
            // Withdrawn before it began: then it is not sent, and nothing here may hold on to it.
            needsPump = !operation.IsClaimed && Begin(operation, completions);
        }

        if (HasMoving)
        {
            _endpoint.Placement.Move(this);
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
        else if (!operation.IsBlocking && !operation.IsClaimed)
        {
            _endpoint.Pump.ArmForWaiters();
        }
    }

    /// <summary>Under <c>_sending</c>. True when somebody must pump.</summary>
    private bool Begin(LinkOperation operation, Completions completions)
    {
        switch (!HasPlaceFor(operation) && CanControl == LinkOutcome.Sent ? LinkOutcome.Full
            : operation.Header.Kind.IsData() ? CanSend(operation.Length)
            : CanControl)
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
                operation.Missed = operation.Header.Kind.IsData() ? MissedToTell(operation.Length) : 0;
                CommitOperation(operation, completions);
                NoteMissedTold(operation.Missed);
                bool needsPump = FlushSoon(mayWait: !operation.WantsAnswer);
                if (Policy != FullMode.Wait && _writing == operation && !operation.WantsAnswer)
                {
                    // Its sender waits for nobody, however long the message is.
                    DetachLong();
                }

                CompleteWriting(completions);
                return needsPump;
        }
    }

    /// <summary>
    /// Sends a message that needs no credit: receipts, replies, acknowledgements, close. Long payloads are copied. Where one cannot be sent
    /// the link ends: its peer waits for it.
    /// </summary>
    public bool SendControl(MessageHeader header, ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        bool needsPump;
        using (HoldSending())
        {
            if (_state == LinkState.Down || IsBroken)
            {
                return false;
            }

            try
            {
                Commit(ref header, head, payload);
            }
            catch (Exception exception)
            {
                Fail(exception);
                throw;
            }

            needsPump = FlushAnswer();
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
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
            if (!HasCredit(length)
                || !HasPlaceFor(operation)
                || (_connection.HasLong && operation.PayloadLength >= _connection.LongThreshold))
            {
                break;
            }

            _queued.Dequeue();
            DeferMissed(operation);
            if (IsBare && !IsStillGood(operation, completions))
            {
                continue;
            }

            try
            {
                CommitOperation(operation, completions);
            }
            catch (Exception exception)
            {
                // There is no memory for it, or its own cannot be read: that concerns its sender alone, unless the connection is broken by
                // now.
                _queued.DeferMissed(Refuse(operation, exception, completions));
                continue;
            }

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
            _ = Refuse(operation, exception.Address is null ? exception.At(_endpoint.Address) : exception, completions);
            return false;
        }
    }

    /// <summary>
    /// A message that has waited cannot be sent, for a reason that concerns its sender alone. One that was left here has no sender who
    /// could be told, and is dropped. Under <c>_sending</c>.
    /// </summary>
    /// <returns>How many messages the peer misses, which the next one is to say.</returns>
    private long Refuse(LinkOperation operation, Exception why, Completions completions)
    {
        long missed = operation.Missed;
        if (operation.IsLeft)
        {
            _endpoint.Drops.Count();
            Finish(operation, LinkOutcome.Dropped, completions);
            return missed + 1;
        }

        operation.At = LinkOperation.Stage.Ended;
        if (operation.TryFail(why))
        {
            completions.Add(operation);
        }

        return missed;
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
