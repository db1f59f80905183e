using Fairlead.Patterns.Links.Output;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>The wait for a peer that does not read its answers, without a connection.</summary>
public sealed class ReaderWaitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly ManualClock _clock = new();

    [Fact]
    public void It_is_looked_at_as_often_as_patience_ends()
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
    public void A_peer_stands_that_has_read_nothing_since_the_last_look()
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
    public async Task Its_end_lets_all_go_on_and_stops_the_clock()
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
