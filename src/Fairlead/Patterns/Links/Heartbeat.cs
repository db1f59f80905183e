namespace Fairlead.Patterns.Links;

/// <summary>
/// Watches over a peer that may die unheard: asks for a sign of life after one and after two intervals of silence, and gives the peer up
/// after three. Made with the link where the endpoint has a heartbeat, started when the link comes up.
/// </summary>
/// <remarks>
/// Owns its timer and the count of its questions, which its tick alone touches: one at a time, since the tick arms the timer itself. When
/// the peer was heard last is written by the pump. No lock.
/// </remarks>
/// <param name="interval">Positive.</param>
/// <param name="time">The endpoint's clock.</param>
/// <param name="owner">What is done; called without any lock.</param>
internal sealed class Heartbeat(TimeSpan interval, TimeProvider time, IHeartbeatOwner owner) : IAlarmed
{
    /// <summary>Questions that a silent peer may leave unanswered.</summary>
    private const int Pings = 2;

    private long _lastHeard = time.GetTimestamp();
    private ITimer? _timer;

    // Questions that have not been answered, and when the peer had been heard last before them.
    private int _pings;
    private long _askedBehind;

    /// <summary>When something came last, by the clock's timestamps.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    /// <summary>Something has come from the peer. By the pump.</summary>
    public void Hear() => Volatile.Write(ref _lastHeard, time.GetTimestamp());

    /// <summary>Once, when there is somebody to ask.</summary>
    public void Start()
    {
        // Armed when it is known here, since its first tick arms it again.
        _timer = Alarm.Create(time, this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>For good. A tick that is under way may still do its work. Harmless the second time.</summary>
    public void Stop() => _timer?.Dispose();

    // Nobody would watch over the peer any more.
    void IAlarmed.OnAlarmFailed(Exception exception) => owner.Fail(exception);

    void IAlarmed.OnAlarm()
    {
        if (time.GetElapsedTime(LastHeard) >= interval)
        {
            // Nobody may have pumped for lack of interest: what has arrived meanwhile counts as a sign of life.
            owner.LookForSigns();
        }

        long heard = LastHeard;
        if (heard != _askedBehind)
        {
            // Whatever was asked before that has been answered.
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
            // Asked as often as this before it is given up, however late: this process may have been stopped itself, and heard nothing for
            // that.
            _pings++;
            due += interval;
            owner.Ask();
        }

        _timer!.Change(due > silence ? due - silence : interval, Timeout.InfiniteTimeSpan);
    }
}

/// <summary>Whose peer a <see cref="Heartbeat"/> watches over.</summary>
internal interface IHeartbeatOwner
{
    /// <summary>Reads what has arrived, without waiting.</summary>
    void LookForSigns();

    /// <summary>Asks the peer for a sign of life.</summary>
    void Ask();

    /// <summary>The peer has given none for so long, and was asked: ends the connection.</summary>
    void GiveUp(TimeSpan silence);

    /// <summary>Something of this was thrown: ends the connection.</summary>
    void Fail(Exception exception);
}
