using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Output;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Receiving;

/// <summary>Stops reading from a peer that does not read its answers, or whose messages the user does not take.</summary>
/// <remarks>
/// <para>
/// Messages of such a peer that were read before are not handed out, because they would be answered, too. A message that wants a receipt is
/// also held back until its sender can be told of the hand-over. Otherwise a receiver that dies with the message would seem never to have
/// read it.
/// </para>
/// <para>
/// Owns whether the peer is read from, the events requested from the poll set, and the callers that wait until the peer reads. Under the
/// link's send lock unless a member says otherwise.
/// </para>
/// </remarks>
internal sealed class ReadPause
{
    /// <summary>The most bytes of unread answers before reading from that peer stops.</summary>
    public const int MostUnreadAnswers = 4 * 1024 * 1024;

    private readonly PeerLink _link;
    private readonly IReadPauseOwner _owner;
    private readonly ReceiveSide _receiver;
    private readonly SendSide _sender;
    private readonly LinkOutput _output;
    private readonly EndpointContext _endpoint;
    private readonly Connection _connection;
    private bool _isPaused;
    private PollEvents _interest = PollEvents.Read;

    /// <param name="link">The link.</param>
    /// <param name="owner">Tells the poll set, and knows the other peers.</param>
    /// <param name="receiver">The receiving side.</param>
    /// <param name="sender">The sending side.</param>
    /// <param name="output">The output, which contains the unread answers.</param>
    public ReadPause(PeerLink link, IReadPauseOwner owner, ReceiveSide receiver, SendSide sender, LinkOutput output)
    {
        _link = link;
        _owner = owner;
        _receiver = receiver;
        _sender = sender;
        _output = output;
        _endpoint = link.Endpoint;
        _connection = link.Connection;
    }

    /// <summary>Whether reading is paused. Any thread.</summary>
    public bool IsPaused => Volatile.Read(ref _isPaused);

    /// <summary>The unwritten bytes that are not data. Under the send lock.</summary>
    /// <remarks>
    /// The peer's credit limits data, which must not stop this side from reading: otherwise two ends that write long messages to each other
    /// would deadlock. Data that is written but not acknowledged is subtracted as well, up to the data that this end buffers at most. The
    /// result may therefore be too low, never too high.
    /// </remarks>
    private long UnwrittenAnswers =>
        _connection.Unflushed
        - Math.Min(
            _output.MostUnwrittenData,
            _sender.Window.OutstandingBytes + ((long)_sender.Window.Outstanding * MessageHeader.Size));

    /// <summary>Whether queued messages are held back until the peer has read more of its answers.</summary>
    /// <remarks><c>Receivers.HandOutAgain</c> follows the end of the pause.</remarks>
    public bool IsHeldBack => Volatile.Read(ref _isPaused) && !_link.IsRaw;

    /// <summary>Returns whether the next message may be handed out now. Under the endpoint's gate.</summary>
    /// <remarks>
    /// If the message wants a receipt, its sender is told first. The message waits while that cannot be written, which is until the peer
    /// reads the output before it.
    /// </remarks>
    /// <param name="tells">Whether to tell the sender now, because the message will be handed out.</param>
    public bool MayHandOut(bool tells)
    {
        if (IsHeldBack)
        {
            return false;
        }

        return _link.IsRaw || _receiver.ReceiveQueue.First.Kind != MessageKind.Deliver || IsAcknowledged(tells);
    }

    /// <summary>Completes immediately, or when a held-back peer has read enough of its answers or the link is over.</summary>
    /// <remarks>A caller that takes no other request until then limits the unwritten output for all peers together.</remarks>
    /// <param name="most">The most calls to wait for one peer. Further calls complete immediately: one peer must not hold up all
    /// others.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask AwaitReaderAsync(int most, CancellationToken cancellationToken)
    {
        if (!IsHeldBack)
        {
            return default;
        }

        using (_sender.Hold())
        {
            if (!IsHeldBack || _link.State == LinkState.Down || (_output.ReaderWait?.Count ?? 0) >= most)
            {
                return default;
            }

            _output.ReaderWait ??= new ReaderWait(_endpoint.Settings.Time, _endpoint.Settings.HandshakeTimeout, LookAtReader);
            return new ValueTask(_output.ReaderWait.Join().WaitAsync(cancellationToken));
        }
    }

    /// <summary>Resumes reading because everything is written.</summary>
    public void NoteWrittenOut()
    {
        if (_isPaused || _interest != PollEvents.Read)
        {
            UpdateInterest();
        }
    }

    /// <summary>Pauses if too many unread answers have accumulated.</summary>
    public void BeginIfUnread()
    {
        if (!_isPaused && !_link.IsRaw && UnwrittenAnswers > MostUnreadAnswers)
        {
            _isPaused = true;
            UpdateInterest();
        }
    }

    /// <summary>Pauses reading. Any thread.</summary>
    public void Begin()
    {
        using (_sender.Hold())
        {
            _isPaused = true;
            UpdateInterest();
        }
    }

    /// <summary>Resumes reading if it was paused and there is capacity again. Any thread.</summary>
    public void ResumeIfPaused()
    {
        if (!Volatile.Read(ref _isPaused))
        {
            return;
        }

        using (_sender.Hold())
        {
            ref ReceiveQueue inbound = ref _receiver.ReceiveQueue;
            if (_link.IsRaw && (inbound.Bytes > _endpoint.Settings.Capacity / 2 || inbound.Count > _endpoint.Settings.Messages / 2))
            {
                return;
            }

            _isPaused = false;
            UpdateInterest();
        }
    }

    /// <summary>Resumes reading and handing out unconditionally, also when the link is over. Under the send lock.</summary>
    public void Unpause()
    {
        if (_isPaused)
        {
            _isPaused = false;
            _output.ReaderWait?.End();
            _output.ReaderWait = null;
            if (!_link.IsRaw)
            {
                // On shared memory, data that arrived meanwhile has not rung the doorbell, and queued messages do not ring it either.
                _endpoint.HandOutAgain();
            }
        }
    }

    /// <summary>Updates the events that the poll set reports for this link. Under the send lock.</summary>
    public void UpdateInterest()
    {
        if (_isPaused && !_link.IsRaw && UnwrittenAnswers <= MostUnreadAnswers / 2)
        {
            Unpause();
        }

        // The doorbell is watched even while nothing is read.
        PollEvents interest = _output.TellsRoomByReading ? PollEvents.Read
            : (_isPaused ? PollEvents.None : PollEvents.Read) | (_output.IsBlocked ? PollEvents.Write : PollEvents.None);
        if (interest != _interest && _link.State != LinkState.Down)
        {
            _interest = interest;
            try
            {
                _owner.SetInterest(interest);
            }
            catch (Exception exception)
            {
                // Otherwise nothing would report any more when to continue.
                _link.Fail(exception);
            }
        }
    }

    private bool IsAcknowledged(bool tells)
    {
        bool isNew = tells && !_receiver.ReceiveQueue.IsHeadAcknowledged;
        if (isNew)
        {
            // Before the lock: a thread that unblocks under it sees the mark.
            _receiver.ReceiveQueue.AcknowledgeHead();
        }

        bool needsPump = false;
        bool isTold;
        using (_sender.Hold())
        {
            if (isNew && _link.State != LinkState.Down && !_output.IsBroken)
            {
                try
                {
                    _receiver.NoteAcknowledged();
                    MessageHeader ack = MessageHeader.Of(MessageKind.Ack);
                    _output.Commit(ref ack, default, default);
                    needsPump = !_output.IsBlocked && _output.FlushNow();
                }
                catch (Exception exception)
                {
                    // The thread that hands out may be working for another link.
                    _link.Fail(exception);
                }
            }

            // If the link is down, the sender cannot be told any more and need not be.
            isTold = !_output.IsBlocked || _link.State == LinkState.Down;
        }

        if (needsPump)
        {
            _endpoint.Pump.Want();
        }

        return isTold;
    }

    /// <summary>Disconnects a peer that has read nothing since the last check, if messages of other peers could be handed out
    /// instead.</summary>
    /// <remarks>Called by the timer.</remarks>
    private void LookAtReader(ReaderWait wait)
    {
        bool stands;
        using (_sender.Hold())
        {
            stands = _output.ReaderWait == wait && wait.Look();
        }

        // This takes the gate, so the send lock must have been left.
        if (stands && _owner.HasMessagesBeside())
        {
            string span = SecondsText.Of(_endpoint.Settings.HandshakeTimeout);
            _link.Kill(CloseReason.SlowConsumer, $"it read no answer for {span} while requests of other peers waited");
        }
    }
}
