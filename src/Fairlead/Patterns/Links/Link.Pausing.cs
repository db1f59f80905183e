using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>
/// Nothing more is read from a peer who does not read his answers, or whose messages nobody takes; and what was read of the former before is not handed out, since it would be answered too.
/// </content>
internal sealed partial class Link
{
    /// <summary>
    /// What lies unwritten that is not data. Data is bounded by the peer's credit, and must not keep this side from reading: two ends that write long messages to each other would
    /// wait for ever. What was written of it and is not acknowledged is counted out too, so this may say too little, never too much. Under <c>_sending</c>.
    /// </summary>
    private long UnwrittenAnswers => _connection.Unflushed - _outstanding.Bytes - ((long)_outstanding.Count * MessageHeader.Size);

    /// <summary>Whether what lies here is not handed out before the peer has read more of his answers. <see cref="EndpointCore.HandOutAgain"/> follows its end.</summary>
    public bool IsHeldBack => Volatile.Read(ref _isPaused) && !IsBare;

    /// <summary>Writes what needed no credit, and pauses where too much of that lies here. Under <c>_sending</c>. True when somebody must pump for the rest.</summary>
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

    /// <summary>Reads and hands out again, whatever is unread: also where the link is over. Under <c>_sending</c>.</summary>
    private void Unpause()
    {
        if (_isPaused)
        {
            _isPaused = false;
            if (!IsBare)
            {
                // Of a connection through memory what came meanwhile has rung no bell, and what lies here rings none. Not from here: the gate is never taken under the send lock.
                ThreadPool.UnsafeQueueUserWorkItem(static endpoint => endpoint.HandOutAgain(), _endpoint, preferLocal: false);
            }
        }
    }

    private void Pause()
    {
        using (_sending.Hold())
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

        using (_sending.Hold())
        {
            if (IsBare && (Volatile.Read(ref _inboundBytes) > _endpoint.Settings.Capacity / 2 || _inbound.Count > _endpoint.Settings.Messages / 2))
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
        PollEvents interest = _connection.TellsRoomByReading ? PollEvents.Read
            : (_isPaused ? PollEvents.None : PollEvents.Read) | (_isBlocked && !_isBroken ? PollEvents.Write : PollEvents.None);
        if (interest != _interest && _state != LinkState.Down)
        {
            _interest = interest;
            _endpoint.SetInterest(this, interest);
        }
    }
}
