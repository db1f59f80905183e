using System.Diagnostics;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>What is committed is written: at once, in batches, or when the descriptor is writable again.</content>
internal sealed partial class Link
{
    /// <summary>Writes what a busy sender left lying. By the flusher's thread, and by senders before they wait.</summary>
    public void FlushDeferred()
    {
        bool needsPump = false;
        using (Completions completions = Completions.Rent())
        using (HoldSending())
        {
            if (IsDeferred)
            {
                needsPump = FlushNow();
                CompleteWriting(completions);
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }
    }

    /// <summary>
    /// Writes on while the peer reads along. The kernel calls a socket writable only when most of its buffer is empty; a blocking sender of
    /// a long message that tries again before that keeps both sides busy. Ends when the message is through or nothing has moved for a
    /// while; then the sender sleeps like everybody.
    /// </summary>
    public void Push(LinkOperation operation)
    {
        for (int idle = 0; idle < PushAttempts && !operation.IsClaimed && operation.At == LinkOperation.Stage.Writing; idle++)
        {
            Thread.Yield();
            using (Completions completions = Completions.Rent())
            using (HoldSending())
            {
                int before = _connection.LongRest;
                if (!IsBroken && _state != LinkState.Down && Write() == FlushResult.Done)
                {
                    Unblock();
                    FlushNow();
                    CompleteWriting(completions);
                    ServeQueued(completions);
                }

                if (_connection.LongRest < before)
                {
                    idle = 0;
                }
            }

        }
    }

    /// <summary>The descriptor is writable again. By the pump.</summary>
    private void OnWritable(Completions completions)
    {
        using (HoldSending())
        {
            if (_state == LinkState.Down)
            {
                return;
            }

            Unblock();
            FlushNow();
            CompleteWriting(completions);
            ServeQueued(completions);
        }
    }

    /// <summary>Whether a blocked flush may go on when the descriptor was readable, since writable it always is.</summary>
    private bool TellsRoomByReading => _memoryOutput is not null || _connection.Room is not null;

    private void Block()
    {
        if (!IsBlocked)
        {
            Debug.Assert(!IsBroken, "What is broken stays so.");
            _output = OutputState.Blocked;
            _endpoint.Pump.Awaited.CountBlocked(+1);
        }
    }

    private void Unblock()
    {
        if (IsBlocked)
        {
            _output = OutputState.Idle;
            _endpoint.Pump.Awaited.CountBlocked(-1);
            if (_inbound.IsHeadTold)
            {
                _endpoint.Receivers.HandOutAgain();
            }
        }
    }

    /// <summary>
    /// Writes at once, or, in the middle of a stream of messages, when enough lies together. True when somebody must pump for the rest.
    /// </summary>
    /// <param name="mayWait">Whether nobody waits for an answer to it: where messages are buffered it is left lying.</param>
    /// <param name="isStream">Whether more is known to follow at once.</param>
    private bool FlushSoon(bool mayWait = false, bool isStream = false)
    {
        if (TakesNoMore)
        {
            return false;
        }

        if (_memoryOutput is null && _connection.Unflushed < BatchBytes && !_connection.HasLong && IsPutOff(mayWait, isStream))
        {
            if (!IsDeferred)
            {
                _output = OutputState.Deferred;
                if (_writeMode == WriteMode.Balanced && !Flusher.TryAdd(this))
                {
                    return FlushNow();
                }
            }

            return false;
        }

        return FlushNow();
    }

    private bool FlushNow()
    {
        if (IsBroken || _state == LinkState.Down)
        {
            return false;
        }

        switch (Write())
        {
            case FlushResult.Done:
                if (IsDeferred)
                {
                    _output = OutputState.Idle;
                }

                if (_lingerTimer is not null)
                {
                    _connection.Abort();
                }

                if (_isPaused || _interest != PollEvents.Read)
                {
                    UpdateInterest();
                }

                return false;
            case FlushResult.Blocked:
                Block();
                UpdateInterest();
                return true;
            default:
                // What the peer sent before it went is still to be read; its end is then seen there.
                Unblock();
                _output = OutputState.Broken;
                UpdateInterest();
                return true;
        }
    }

    /// <summary>The long message that was being written is through.</summary>
    private void CompleteWriting(Completions completions)
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
            Finish(operation, LinkOutcome.Sent, completions);
        }
    }
}
