using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Tests.Patterns;

/// <summary>When a silent peer is probed, and when it is given up, without a connection.</summary>
public sealed class HeartbeatTests : IHeartbeatOwner, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Instant = TimeSpan.FromMilliseconds(1);

    private readonly ManualClock _clock = new();
    private readonly List<string> _done = [];
    private readonly Heartbeat _heartbeat;
    private bool _hasUnread;
    private Exception? _fault;

    public HeartbeatTests()
    {
        _heartbeat = new Heartbeat(Interval, _clock, this);
        _heartbeat.Start();
    }

    public void Dispose() => _heartbeat.Stop();

    [Fact]
    public void A_silent_peer_is_pinged_twice_and_then_given_up()
    {
        _clock.Advance(Interval - Instant);
        Assert.Empty(_done);
        _clock.Advance(Instant);
        Assert.Equal(["asked"], _done);
        _clock.Advance(Interval);
        Assert.Equal(["asked", "asked"], _done);
        _clock.Advance(Interval);
        Assert.Equal(["asked", "asked", "given up after 30 s"], _done);
        _clock.Advance(10 * Interval);
        Assert.Equal(3, _done.Count);
    }

    [Fact]
    public void A_sign_of_life_resets_the_count()
    {
        for (int i = 0; i < 5; i++)
        {
            _clock.Advance(2 * Interval);
            _heartbeat.Hear();
        }

        Assert.Equal(Enumerable.Repeat("asked", 10), _done);
    }

    [Fact]
    public void Unread_bytes_are_a_sign_of_life()
    {
        for (int i = 0; i < 10; i++)
        {
            _hasUnread = true;
            _clock.Advance(Interval);
        }

        Assert.Empty(_done);
        Assert.Equal(_clock.GetTimestamp(), _heartbeat.LastHeard);
    }

    [Fact]
    public void A_process_that_was_stopped_itself_pings_as_often_as_otherwise()
    {
        // A stopped process sees the time as one long step of the clock, after which its timer fires once.
        StoppableClock clock = new();
        Heartbeat late = new(Interval, clock, this);
        late.Start();
        clock.Step(100 * Interval);
        Assert.Equal(["asked"], _done);
        clock.Step(Interval);
        Assert.Equal(["asked", "asked"], _done);
        clock.Step(Interval);
        Assert.Equal("given up after 1020 s", _done[^1]);
    }

    [Fact]
    public void A_connection_whose_heartbeat_fails_is_ended()
    {
        StoppableClock clock = new();
        Heartbeat heartbeat = new(Interval, clock, this);
        heartbeat.Start();
        _fault = new InvalidOperationException("no sign can be looked for");
        clock.Step(Interval);
        Assert.Equal(["failed: no sign can be looked for"], _done);
    }

    void IHeartbeatOwner.Fail(Exception exception) => _done.Add($"failed: {exception.Message}");

    void IHeartbeatOwner.LookForSigns()
    {
        if (_fault is not null)
        {
            throw _fault;
        }

        if (_hasUnread)
        {
            _hasUnread = false;
            _heartbeat.Hear();
        }
    }

    void IHeartbeatOwner.Ask() => _done.Add("asked");

    void IHeartbeatOwner.GiveUp(TimeSpan silence) => _done.Add($"given up after {silence.TotalSeconds:0} s");

    /// <summary>Moves in one step, after which a due timer runs once.</summary>
    private sealed class StoppableClock : TimeProvider, ITimer
    {
        private long _now = 1;
        private long _due = long.MaxValue;
        private (TimerCallback Callback, object? State) _timer;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timer = (callback, state);
            Change(dueTime, period);
            return this;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime == Timeout.InfiniteTimeSpan ? long.MaxValue : _now + dueTime.Ticks;
            return true;
        }

        public void Step(TimeSpan span)
        {
            _now += span.Ticks;
            if (_due <= _now)
            {
                _due = long.MaxValue;
                _timer.Callback(_timer.State);
            }
        }

        public void Dispose() => _due = long.MaxValue;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
