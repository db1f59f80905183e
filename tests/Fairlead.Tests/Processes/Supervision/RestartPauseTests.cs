using Fairlead.Conformance;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes.Supervision;

/// <summary>Pauses and limits of restarts, by a clock that the tests move.</summary>
public sealed class RestartPauseTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private static readonly SupervisedChild Slow = new("a", "false")
    {
        ShortestPause = TimeSpan.FromSeconds(1),
        LongestPause = TimeSpan.FromSeconds(10),
        RestartLimit = 6,
        RestartPeriod = TimeSpan.FromHours(1),
        ReadyAfter = Timeout.InfiniteTimeSpan,
    };

    [Fact]
    public async Task Pauses_double_up_to_the_longest_and_then_the_child_is_given_up_by_name()
    {
        ManualClock clock = new();
        await using Supervised supervised = new([Slow], time: clock);
        foreach (double seconds in new double[] { 1, 2, 4, 8, 10, 10 })
        {
            TimeSpan pause = (await supervised.NextAsync<SupervisedChange.Restarting>("a")).Pause;
            Assert.InRange(pause.TotalSeconds, 0.5 * seconds, 1.5 * seconds);
            clock.Advance(pause - Tick);
            Assert.Equal(1, clock.Armed);
            clock.Advance(Tick);
            await supervised.NextAsync<SupervisedChange.Started>("a");
        }

        SupervisedChange.GivenUp given = await supervised.NextAsync<SupervisedChange.GivenUp>("a");

        Assert.Equal("it failed 7 times within 3600 s; the last time it exited with 1", given.Reason);
        Assert.Equal($"a: given up: {given.Reason}", given.ToString());
        await supervised.Supervisor.AllEndedAsync();
        Assert.Equal(SupervisedStatus.GivenUp, supervised.Supervisor.Children[0].Status);
        Assert.Equal(6, supervised.Supervisor.Children[0].Restarts);
    }

    [Fact]
    public async Task Failures_before_the_period_do_not_count()
    {
        ManualClock clock = new();
        await using Supervised supervised = new([Slow with { RestartLimit = 1 }], time: clock);
        for (int i = 0; i < 5; i++)
        {
            // The pause alone is longer than the period.
            await supervised.NextAsync<SupervisedChange.Restarting>("a");
            clock.Advance(Slow.RestartPeriod);
            await supervised.NextAsync<SupervisedChange.Started>("a");
        }

        await supervised.EndAsync();
        Assert.DoesNotContain("GivenUp a", supervised.Seen());
    }

    [Fact]
    public async Task A_child_that_was_ready_begins_again_with_the_shortest_pause()
    {
        ManualClock clock = new();
        SupervisedChild lasting = Supervised.Lasting("a") with
        {
            ShortestPause = Slow.ShortestPause,
            LongestPause = Slow.LongestPause,
            ReadyAfter = TimeSpan.FromMinutes(1),
        };
        await using Supervised supervised = new([lasting], time: clock);
        int id = (await supervised.NextAsync<SupervisedChange.Started>("a")).ProcessId;
        TimeSpan pause = default;
        for (int i = 0; i < 4; i++)
        {
            Supervised.Kill(id);
            pause = (await supervised.NextAsync<SupervisedChange.Restarting>("a")).Pause;
            clock.Advance(pause);
            id = (await supervised.NextAsync<SupervisedChange.Started>("a")).ProcessId;
        }

        Assert.InRange(pause.TotalSeconds, 4, 12);

        // More than once: the timer may be armed after the report of the start.
        await Polling.Until(() =>
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            return supervised.Supervisor.Children[0].Status == SupervisedStatus.Ready;
        });
        Supervised.Kill(id);

        pause = (await supervised.NextAsync<SupervisedChange.Restarting>("a")).Pause;
        Assert.InRange(pause.TotalSeconds, 0.5, 1.5);
    }
}
