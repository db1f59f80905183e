using Fairlead.Cli.Tour.Locks;
using Fairlead.Memory;

namespace Fairlead.Cli.Tests.Tour;

/// <summary>The tour's findings at a lock that lets too many in.</summary>
public sealed class LockFloorTests : IDisposable
{
    private readonly SharedRegion _memory = SharedRegion.Create(LockFloor.Size);
    private readonly LockFloor _floor;

    public LockFloorTests() => _floor = new LockFloor(_memory);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Pass_counts_entries_within_the_limit(int most)
    {
        _memory.At<int>(0) = most - 1;
        _floor.Pass(most);
        _floor.Pass(most);
        _floor.Tell(2);
        _floor.Compare();
        Assert.Equal(most - 1, _memory.At<int>(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Pass_throws_on_an_entry_above_the_limit(int most)
    {
        _memory.At<int>(0) = most;
        var error = Assert.Throws<ToolException>(() => _floor.Pass(most));
        Assert.Equal($"{most + 1} were inside at the same time; {most} may be", error.Message);
    }

    [Fact]
    public void Expect_throws_if_a_process_continues_before_all_have_arrived()
    {
        _floor.Pass(4);
        _floor.Pass(4);
        _floor.Expect(2);
        var error = Assert.Throws<ToolException>(() => _floor.Expect(3));
        Assert.Equal("a process continued after 2 arrivals instead of 3", error.Message);
    }

    [Fact]
    public void Compare_throws_if_another_process_overwrote_the_count()
    {
        _floor.Pass(1);
        _floor.Tell(2);
        var error = Assert.Throws<ToolException>(_floor.Compare);
        Assert.Equal("2 entries were counted as 1: another process was inside", error.Message);
    }
}
