using Fairlead.Native;

namespace Fairlead.Tests.Native;

public sealed class WaitTimeTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(10_000, 1)]
    [InlineData(10_001, 2)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void Milliseconds_are_rounded_up(long ticks, int milliseconds) =>
        Assert.Equal(milliseconds, WaitTime.Milliseconds(TimeSpan.FromTicks(ticks)));

    [Fact]
    public void Negative_times_have_passed()
    {
        var time = new WaitTime(TimeSpan.FromSeconds(-5));
        Assert.False(time.IsInfinite);
        Assert.Equal(TimeSpan.Zero, time.Whole);
        Assert.Equal(TimeSpan.Zero, time.Rest);
    }

    [Fact]
    public void The_longest_time_does_not_overflow()
    {
        var time = new WaitTime(TimeSpan.MaxValue);
        Assert.False(time.IsInfinite);
        Assert.True(time.Rest > TimeSpan.FromDays(1));
    }

    [Fact]
    public void The_infinite_timeout_is_infinite() => Assert.True(new WaitTime(Timeout.InfiniteTimeSpan).IsInfinite);
}
