using Fairlead.Patterns.Links.Output;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>The wait for a peer that does not read its answers, without a connection.</summary>
public sealed class ReaderWaitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly ManualClock _clock = new();

    [Fact]
    public void A_wait_for_a_reader_is_checked_once_per_patience_period()
    {
        List<ReaderWait> looks = [];
        ReaderWait wait = new(_clock, Patience, looks.Add);

        _clock.Advance(Patience - TimeSpan.FromTicks(1));
        Assert.Empty(looks);
        _clock.Advance(TimeSpan.FromTicks(1));
        _clock.Advance(Patience);

        Assert.Equal([wait, wait], looks);
    }

    [Fact]
    public void A_peer_that_read_nothing_since_the_last_check_counts_as_stalled()
    {
        ReaderWait wait = new(_clock, Patience, static _ => { });
        wait.Written(1);
        Assert.False(wait.Look());
        Assert.True(wait.Look());
        wait.Written(0);
        Assert.True(wait.Look());
        wait.Written(5);
        wait.Written(0);
        Assert.False(wait.Look());
    }

    [Fact]
    public async Task The_end_of_the_wait_releases_all_waiters_and_stops_the_timer()
    {
        int looks = 0;
        ReaderWait wait = new(_clock, Patience, _ => looks++);
        Task[] waiting = [wait.Join(), wait.Join()];
        Assert.Equal(2, wait.Count);
        Assert.All(waiting, static task => Assert.False(task.IsCompleted));

        wait.End();
        _clock.Advance(Patience);

        await Task.WhenAll(waiting);
        Assert.Equal(0, looks);
        wait.End();
    }
}
