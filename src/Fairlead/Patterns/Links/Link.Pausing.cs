using Fairlead.Framing;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <content>Nothing more is read from a peer who does not read his answers, or whose messages nobody takes.</content>
internal sealed partial class Link
{
    /// <summary>
    /// What lies unwritten that is not data. Data is bounded by the peer's credit, and must not keep this side from reading: two ends that write long messages to each other would
    /// wait for ever. What was written of it and is not acknowledged is counted out too, so this may say too little, never too much. Under <c>_sending</c>.
    /// </summary>
    private long UnwrittenAnswers => _connection.Unflushed - _outstanding.Bytes - ((long)_outstanding.Count * MessageHeader.Size);

    private void PauseForAnswers()
    {
        using (_sending.Hold())
        {
            if (UnwrittenAnswers > MostUnreadAnswers)
            {
                _isPaused = true;
                UpdateInterest();
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
            _isPaused = false;
            if (_connection.TellsRoomByReading)
            {
                // What came meanwhile has rung no bell. Not from here: the gate is never taken under the send lock.
                ThreadPool.UnsafeQueueUserWorkItem(static endpoint => endpoint.RequestTurn(), _endpoint, preferLocal: false);
            }
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
