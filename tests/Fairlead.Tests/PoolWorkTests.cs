using System.Collections.Concurrent;

namespace Fairlead.Tests;

/// <summary>Exceptions of Fairlead's own work on the pool go to the event source.</summary>
public sealed class PoolWorkTests
{
    [Fact]
    public void What_it_throws_is_told_and_ends_nothing()
    {
        string who = $"test {Guid.NewGuid():N}";
        using ContainedErrors errors = new(who);
        PoolWork.Queue(who, static _ => throw new InvalidOperationException("thrown on the pool"), 1);

        Assert.Contains("thrown on the pool", errors.Next(), StringComparison.Ordinal);
    }

    [Fact]
    public void It_gets_its_state()
    {
        using BlockingCollection<int> seen = [];
        PoolWork.Queue("test", static state => state.seen.Add(state.Value), (seen, Value: 7));

        Assert.Equal(7, seen.Take());
    }
}
