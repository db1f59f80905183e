namespace Fairlead.Patterns.Links.Shared;

/// <summary>Detects the silent death of a peer: probes it after one and two intervals of silence, and gives it up after three.</summary>
/// <remarks>
/// Created with the link if the endpoint has a heartbeat, and started when the link comes up. Owns its timer and the count of its probes,
/// which only the timer's ticks use. There is one tick at a time, because the tick arms the timer itself. The pump writes when the peer was
/// last heard. No lock.
/// </remarks>
/// <param name="interval">The interval; positive.</param>
/// <param name="time">The endpoint's clock.</param>
/// <param name="owner">The actions; called without any lock.</param>
internal sealed class Heartbeat(TimeSpan interval, TimeProvider time, IHeartbeatOwner owner) : IAlarmed
{
    /// <summary>The probes that a silent peer may leave unanswered.</summary>
    private const int Pings = 2;

    private long _lastHeard = time.GetTimestamp();
    private ITimer? _timer;

    // The unanswered probes, and when the peer was last heard before them.
    private int _pings;
    private long _askedBehind;

    /// <summary>When the peer was last heard, by the clock's timestamps.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    /// <summary>Notes that data has arrived from the peer. Called by the pump.</summary>
    public void Hear() => Volatile.Write(ref _lastHeard, time.GetTimestamp());

    /// <summary>Starts the timer. Called once, when there is a peer to probe.</summary>
    public void Start()
    {
        // Armed only after the field is set, because the first tick arms the timer again.
        _timer = Alarm.Create(time, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Stops the timer permanently. A running tick may still finish. A second call has no effect.</summary>
    public void Stop() => _timer?.Dispose();

    // Otherwise nothing would detect the death of the peer any more.
    void IAlarmed.OnAlarmFailed(Exception exception) => owner.Fail(exception);

    void IAlarmed.OnAlarm()
    {
        if (time.GetElapsedTime(LastHeard) >= interval)
        {
            // Perhaps no thread has pumped. Data that has arrived meanwhile counts as a sign of life.
            owner.LookForSigns();
        }

        long heard = LastHeard;
        if (heard != _askedBehind)
        {
            // The peer has answered all earlier probes.
            _askedBehind = heard;
            _pings = 0;
        }

        TimeSpan silence = time.GetElapsedTime(heard);
        TimeSpan due = (_pings + 1) * interval;
        if (silence >= due && _pings >= Pings)
        {
            owner.GiveUp(silence);
            return;
        }

        if (silence >= due)
        {
            // Send all probes before giving up, however late: this process itself may have been stopped and for that reason heard nothing.
            _pings++;
            due += interval;
            owner.Ask();
        }

        _timer!.Change(due > silence ? due - silence : interval, Timeout.InfiniteTimeSpan);
    }
}

/// <summary>The owner of a <see cref="Heartbeat"/>.</summary>
internal interface IHeartbeatOwner
{
    /// <summary>Reads data that has arrived, without waiting.</summary>
    void LookForSigns();

    /// <summary>Sends the peer a probe.</summary>
    void Ask();

    /// <summary>Ends the connection, because the peer has been silent for this long despite the probes.</summary>
    void GiveUp(TimeSpan silence);

    /// <summary>Ends the connection, because one of these actions threw.</summary>
    void Fail(Exception exception);
}
