using System.Collections.Concurrent;

namespace Fairlead.Tests;

/// <summary>Exceptions of Fairlead's own work on the pool go to the event source.</summary>
public sealed class PoolWorkTests
{
    [Fact]
    public void An_exception_in_pool_work_is_reported_and_ends_nothing()
    {
        string who = $"test {Guid.NewGuid():N}";
        using ContainedErrors errors = new(who);
        PoolWork.Queue(who, static _ => throw new InvalidOperationException("thrown on the pool"), 1);

        Assert.Contains("thrown on the pool", errors.Next(), StringComparison.Ordinal);
    }

    [Fact]
    public void Pool_work_receives_its_state()
    {
        using BlockingCollection<int> seen = [];
        PoolWork.Queue("test", static state => state.seen.Add(state.Value), (seen, Value: 7));

        Assert.Equal(7, seen.Take());
    }
}
