using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>
/// Nothing more is read from a peer who does not read his answers, or whose messages nobody takes; and what was read of the former before
/// is not handed out, since it would be answered too. Nor is a message handed out that wants a receipt before its sender can hear that it
/// is: else one that dies with it in hand is taken for one that has never read it.
/// </content>
internal sealed partial class Link
{
    // Under _sending. Made when the first waits, and ended by Unpause.
    private ReaderWait? _readerWait;

    /// <summary>
    /// What lies unwritten that is not data. Data is bounded by the peer's credit, and must not keep this side from reading: two ends that
    /// write long messages to each other would wait for ever. What was written of it and is not acknowledged is counted out too, so this
    /// may say too little, never too much. Under <c>_sending</c>.
    /// </summary>
    private long UnwrittenAnswers => _connection.Unflushed - _window.OutstandingBytes - ((long)_window.Outstanding * MessageHeader.Size);

    /// <summary>
    /// Whether what lies here is not handed out before the peer has read more of his answers. <see cref="Receivers.HandOutAgain"/>
    /// follows its end.
    /// </summary>
    public bool IsHeldBack => Volatile.Read(ref _isPaused) && !IsBare;

    /// <summary>
    /// Whether the next message may be handed out now. Of one that wants a receipt its sender is told first, and it waits while that cannot
    /// be written, which is until he reads what is in its way. Under the endpoint's gate.
    /// </summary>
    /// <param name="tells">Whether he is told now, because it will be handed out.</param>
    public bool MayHandOut(bool tells)
    {
        if (IsHeldBack)
        {
            return false;
        }

        return IsBare || _inbound.First.Kind != MessageKind.Deliver || IsTold(tells);
    }

    private bool IsTold(bool tells)
    {
        bool isNew = tells && !_inbound.IsHeadTold;
        if (isNew)
        {
            // Before the lock: who unblocks under it sees it.
            _inbound.TellHead();
        }

        bool needsPump = false;
        bool isTold;
        using (HoldSending())
        {
            if (isNew && _state != LinkState.Down && !IsBroken)
            {
                try
                {
                    NoteTold();
                    MessageHeader ack = MessageHeader.Of(MessageKind.Ack);
                    Commit(ref ack, default, default);
                    needsPump = !IsBlocked && FlushNow();
                }
                catch (Exception exception)
                {
                    // Whoever hands out may be at work for another link.
                    Fail(exception);
                }
            }

            // Where nobody hears it any more, it need not be told.
            isTold = !IsBlocked || _state == LinkState.Down;
        }

        if (needsPump)
        {
            _endpoint.Pump.Want();
        }

        return isTold;
    }

    /// <summary>
    /// Writes what needed no credit, and pauses where too much of that lies here. Under <c>_sending</c>. True when somebody must pump for
    /// the rest.
    /// </summary>
    private bool FlushAnswer()
    {
        bool needsPump = FlushSoon();
        if (!_isPaused && !IsBare && UnwrittenAnswers > MostUnreadAnswers)
        {
            _isPaused = true;
            UpdateInterest();
        }

        return needsPump;
    }

    /// <summary>
    /// Completes at once, unless the peer is held back because it does not read its answers: then when it has read enough of them, or the
    /// link is over. A caller that takes no other request until then bounds what lies unwritten for all peers together.
    /// </summary>
    /// <param name="most">So many calls wait for one peer; further ones complete at once: one peer must not hold up all others.</param>
    /// <param name="token">Ends the wait.</param>
    public ValueTask AwaitReaderAsync(int most, CancellationToken token)
    {
        if (!IsHeldBack)
        {
            return default;
        }

        using (HoldSending())
        {
            if (!IsHeldBack || _state == LinkState.Down || (_readerWait?.Count ?? 0) >= most)
            {
                return default;
            }

            _readerWait ??= new ReaderWait(_time, _endpoint.Settings.HandshakeTimeout, LookAtReader);
            return new ValueTask(_readerWait.Join().WaitAsync(token));
        }
    }

    /// <summary>
    /// Ends the connection of a peer that has read nothing since the last look, where messages of other peers could be handed out
    /// meanwhile. By the timer.
    /// </summary>
    private void LookAtReader(ReaderWait wait)
    {
        bool stands;
        using (HoldSending())
        {
            stands = _readerWait == wait && wait.Look();
        }

        // Under the gate, before which no send lock is held.
        if (stands && _endpoint.Receivers.HasMessagesBeside(this))
        {
            double seconds = _endpoint.Settings.HandshakeTimeout.TotalSeconds;
            Kill(CloseReason.SlowConsumer, $"no answer was read for {seconds:0.###} s, and requests of others waited");
        }
    }

    /// <summary>Reads and hands out again, whatever is unread: also where the link is over. Under <c>_sending</c>.</summary>
    private void Unpause()
    {
        if (_isPaused)
        {
            _isPaused = false;
            _readerWait?.End();
            _readerWait = null;
            if (!IsBare)
            {
                // Of a connection through memory what came meanwhile has rung no bell, and what lies here rings none.
                _endpoint.Receivers.HandOutAgain();
            }
        }
    }

    private void Pause()
    {
        using (HoldSending())
        {
            _isPaused = true;
            UpdateInterest();
        }
    }

    private void ResumeIfPaused()
    {
        if (!Volatile.Read(ref _isPaused))
        {
            return;
        }

        using (HoldSending())
        {
            if (IsBare && (_inbound.Bytes > _endpoint.Settings.Capacity / 2 || _inbound.Count > _endpoint.Settings.Messages / 2))
            {
                return;
            }

            _isPaused = false;
            UpdateInterest();
        }
    }

    /// <summary>Tells the poll set what this link waits for. Under <c>_sending</c>.</summary>
    private void UpdateInterest()
    {
        if (_isPaused && !IsBare && UnwrittenAnswers <= MostUnreadAnswers / 2)
        {
            Unpause();
        }

        // A doorbell is heard even while nothing is read.
        PollEvents interest = TellsRoomByReading ? PollEvents.Read
            : (_isPaused ? PollEvents.None : PollEvents.Read) | (IsBlocked ? PollEvents.Write : PollEvents.None);
        if (interest != _interest && _state != LinkState.Down)
        {
            _interest = interest;
            try
            {
                _endpoint.Table.SetInterest(this, interest);
            }
            catch (Exception exception)
            {
                // Nobody would be told any more when it goes on.
                Fail(exception);
            }
        }
    }
}
