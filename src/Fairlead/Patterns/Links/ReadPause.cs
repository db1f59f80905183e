using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Nothing more is read from a peer who does not read his answers, or whose messages nobody takes; and what was read of the former before
/// is not handed out, since it would be answered too. Nor is a message handed out that wants a receipt before its sender can hear that it
/// is: else one that dies with it in hand is taken for one that has never read it.
/// </summary>
/// <remarks>
/// Owns whether the peer is read from, what the poll set is asked to watch for, and the callers that wait until the peer reads. Under the
/// link's send lock, but for what says otherwise.
/// </remarks>
internal sealed class ReadPause
{
    /// <summary>Bytes of answers that may pile up for a peer that does not read them, before nothing more is read from it.</summary>
    public const int MostUnreadAnswers = 4 * 1024 * 1024;

    private readonly Link _link;
    private readonly LinkReceiver _receiver;
    private readonly LinkSender _sender;
    private readonly LinkOutput _output;
    private readonly EndpointCore _endpoint;
    private readonly Connection _connection;
    private bool _isPaused;
    private PollEvents _interest = PollEvents.Read;

    // Made when the first waits, and ended by Unpause.
    private ReaderWait? _readerWait;

    public ReadPause(Link link)
    {
        _link = link;
        _receiver = link.Receiving;
        _sender = link.Sending;
        _output = link.Output;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
    }

    /// <summary>Whether nothing is read. Any thread.</summary>
    public bool IsPaused => Volatile.Read(ref _isPaused);

    /// <summary>Whether somebody waits until the peer reads.</summary>
    public bool IsAwaited => _readerWait is not null;

    /// <summary>
    /// What lies unwritten that is not data. Data is bounded by the peer's credit, and must not keep this side from reading: two ends that
    /// write long messages to each other would wait for ever. What was written of it and is not acknowledged is counted out too, so this
    /// may say too little, never too much. Under the send lock.
    /// </summary>
    private long UnwrittenAnswers =>
        _connection.Unflushed - _sender.Window.OutstandingBytes - ((long)_sender.Window.Outstanding * MessageHeader.Size);

    /// <summary>
    /// Whether what lies here is not handed out before the peer has read more of its answers. <see cref="Receivers.HandOutAgain"/>
    /// follows its end.
    /// </summary>
    public bool IsHeldBack => Volatile.Read(ref _isPaused) && !_link.IsBare;

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

        return _link.IsBare || _receiver.Inbound.First.Kind != MessageKind.Deliver || IsTold(tells);
    }

    /// <summary>
    /// Completes at once, unless the peer is held back because it does not read its answers: then when it has read enough of them, or the
    /// link is over. A caller that takes no other request until then bounds what lies unwritten for all peers together.
    /// </summary>
    /// <param name="most">So many calls wait for one peer; further ones complete at once: one peer must not hold up all others.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask AwaitReaderAsync(int most, CancellationToken cancellationToken)
    {
        if (!IsHeldBack)
        {
            return default;
        }

        using (_sender.Hold())
        {
            if (!IsHeldBack || _link.State == LinkState.Down || (_readerWait?.Count ?? 0) >= most)
            {
                return default;
            }

            _readerWait ??= new ReaderWait(_endpoint.Settings.Time, _endpoint.Settings.HandshakeTimeout, LookAtReader);
            return new ValueTask(_readerWait.Join().WaitAsync(cancellationToken));
        }
    }

    /// <summary>The kernel has taken so many bytes.</summary>
    public void Written(long bytes) => _readerWait?.Written(bytes);

    /// <summary>All is written: what was paused for it may go on.</summary>
    public void NoteWrittenOut()
    {
        if (_isPaused || _interest != PollEvents.Read)
        {
            UpdateInterest();
        }
    }

    /// <summary>Pauses where too much lies here that the peer has not read of its answers.</summary>
    public void BeginIfUnread()
    {
        if (!_isPaused && !_link.IsBare && UnwrittenAnswers > MostUnreadAnswers)
        {
            _isPaused = true;
            UpdateInterest();
        }
    }

    /// <summary>Reads nothing more. Any thread.</summary>
    public void Begin()
    {
        using (_sender.Hold())
        {
            _isPaused = true;
            UpdateInterest();
        }
    }

    /// <summary>Reads on where that was paused and there is room again. Any thread.</summary>
    public void ResumeIfPaused()
    {
        if (!Volatile.Read(ref _isPaused))
        {
            return;
        }

        using (_sender.Hold())
        {
            ref ReceiveQueue inbound = ref _receiver.Inbound;
            if (_link.IsBare && (inbound.Bytes > _endpoint.Settings.Capacity / 2 || inbound.Count > _endpoint.Settings.Messages / 2))
            {
                return;
            }

            _isPaused = false;
            UpdateInterest();
        }
    }

    /// <summary>Reads and hands out again, whatever is unread: also where the link is over. Under the send lock.</summary>
    public void Unpause()
    {
        if (_isPaused)
        {
            _isPaused = false;
            _readerWait?.End();
            _readerWait = null;
            if (!_link.IsBare)
            {
                // Of a connection through memory what came meanwhile has rung no bell, and what lies here rings none.
                _endpoint.Receivers.HandOutAgain();
            }
        }
    }

    /// <summary>Tells the poll set what this link waits for. Under the send lock.</summary>
    public void UpdateInterest()
    {
        if (_isPaused && !_link.IsBare && UnwrittenAnswers <= MostUnreadAnswers / 2)
        {
            Unpause();
        }

        // A doorbell is heard even while nothing is read.
        PollEvents interest = _output.TellsRoomByReading ? PollEvents.Read
            : (_isPaused ? PollEvents.None : PollEvents.Read) | (_output.IsBlocked ? PollEvents.Write : PollEvents.None);
        if (interest != _interest && _link.State != LinkState.Down)
        {
            _interest = interest;
            try
            {
                _endpoint.Table.SetInterest(_link, interest);
            }
            catch (Exception exception)
            {
                // Nobody would be told any more when it goes on.
                _link.Fail(exception);
            }
        }
    }

    private bool IsTold(bool tells)
    {
        bool isNew = tells && !_receiver.Inbound.IsHeadTold;
        if (isNew)
        {
            // Before the lock: who unblocks under it sees it.
            _receiver.Inbound.TellHead();
        }

        bool needsPump = false;
        bool isTold;
        using (_sender.Hold())
        {
            if (isNew && _link.State != LinkState.Down && !_output.IsBroken)
            {
                try
                {
                    _receiver.NoteTold();
                    MessageHeader ack = MessageHeader.Of(MessageKind.Ack);
                    _output.Commit(ref ack, default, default);
                    needsPump = !_output.IsBlocked && _output.FlushNow();
                }
                catch (Exception exception)
                {
                    // The thread that hands out may be at work for another link.
                    _link.Fail(exception);
                }
            }

            // Where nobody hears it any more, it need not be told.
            isTold = !_output.IsBlocked || _link.State == LinkState.Down;
        }

        if (needsPump)
        {
            _endpoint.Pump.Want();
        }

        return isTold;
    }

    /// <summary>
    /// Ends the connection of a peer that has read nothing since the last look, where messages of other peers could be handed out
    /// meanwhile. By the timer.
    /// </summary>
    private void LookAtReader(ReaderWait wait)
    {
        bool stands;
        using (_sender.Hold())
        {
            stands = _readerWait == wait && wait.Look();
        }

        // Under the gate, before which no send lock is held.
        if (stands && _endpoint.Receivers.HasMessagesBeside(_link))
        {
            double seconds = _endpoint.Settings.HandshakeTimeout.TotalSeconds;
            _link.Kill(CloseReason.SlowConsumer, $"no answer was read for {seconds:0.###} s, and requests of others waited");
        }
    }
}
