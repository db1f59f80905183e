using Fairlead.Conformance;
using Fairlead.Patterns.Links.Values;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

public sealed class DeferredWorkTests
{
    [Fact]
    public async Task Each_item_is_visited_once_for_each_time_that_it_was_added()
    {
        const int Items = 100;
        int[] visits = new int[Items];
        DeferredWork<int> rounds = new("test rounds", 1.Milliseconds(), idle: 0, item => Interlocked.Increment(ref visits[item]));

        rounds.Start();
        rounds.Start();

        // Some while the thread is awake, some when it has gone to sleep for long.
        for (int i = 1; i <= 20; i++)
        {
            InParallel.Run(4, part =>
            {
                for (int item = part; item < Items; item += 4)
                {
                    rounds.Add(item);
                }
            });
            await Polling.Until(() => visits.Sum() == i * Items).WaitAsync(60.Seconds());
        }

        Assert.All(visits, static count => Assert.Equal(20, count));
    }

    [Fact]
    public async Task A_visited_item_may_add_itself_again()
    {
        int visits = 0;
        DeferredWork<string>? rounds = null;
        rounds = new DeferredWork<string>("test rounds", TimeSpan.FromMicroseconds(100), idle: 1, name =>
        {
            if (Interlocked.Increment(ref visits) % 50 != 0)
            {
                rounds!.Add(name);
            }
        });
        rounds.Add("again");
        rounds.Start();
        await Polling.Until(() => visits == 50).WaitAsync(60.Seconds());
        rounds.Add("and again");
        await Polling.Until(() => visits == 100).WaitAsync(60.Seconds());
    }
}
