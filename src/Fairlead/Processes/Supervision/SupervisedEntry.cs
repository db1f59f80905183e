namespace Fairlead.Processes.Supervision;

/// <summary>A child of a supervisor: its description, its process, and its restarts.</summary>
/// <remarks>
/// The gate of <see cref="Roster"/> guards what others read: description, state, process, channel. Only the loop of
/// <see cref="SupervisionLoop"/> counts restarts and pauses, and needs no lock for that.
/// </remarks>
internal sealed class SupervisedEntry(SupervisedChild description)
{
    private readonly Queue<long> _restarts = [];
    private TimeSpan _pause;

    public SupervisedChild Description { get; set; } = description;

    public SupervisedStatus Status { get; set; }

    public ChildProcess? Process { get; set; }

    public ChannelHandout Channel { get; } = new();

    /// <summary>How often it was started.</summary>
    public int Starts { get; set; }

    public ChildExit? LastExit { get; set; }

    public string? Reason { get; set; }

    /// <summary>Changes with each state: a pause that began in an earlier one is void.</summary>
    public int Version { get; set; }

    /// <summary>Whether it neither runs nor will be started.</summary>
    public bool IsOver => Status is SupervisedStatus.Stopped or SupervisedStatus.GivenUp;

    /// <summary>Counts a restart; false if that is one too many.</summary>
    public bool TryCountRestart(TimeProvider time)
    {
        while (_restarts.TryPeek(out long first) && time.GetElapsedTime(first) >= Description.RestartPeriod)
        {
            _restarts.Dequeue();
        }

        if (_restarts.Count >= Description.RestartLimit)
        {
            return false;
        }

        _restarts.Enqueue(time.GetTimestamp());
        return true;
    }

    /// <summary>Returns the next pause: twice the previous one, and random, because children that failed together must not return
    /// together.</summary>
    public TimeSpan NextPause()
    {
        TimeSpan twice = _pause > Description.LongestPause / 2 ? Description.LongestPause : 2 * _pause;
        _pause = twice < Description.ShortestPause ? Description.ShortestPause : twice;
        return _pause * (0.5 + Random.Shared.NextDouble());
    }

    /// <summary>Begins the pauses anew.</summary>
    public void ForgetPause() => _pause = TimeSpan.Zero;

    /// <summary>Forgets all failures: the child is started on request.</summary>
    public void ForgetFailures()
    {
        _pause = TimeSpan.Zero;
        _restarts.Clear();
    }
}
