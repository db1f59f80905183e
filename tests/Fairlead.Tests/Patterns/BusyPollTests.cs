using System.Diagnostics;
using Fairlead.Patterns.Links.Pumping;

namespace Fairlead.Tests.Patterns;

public sealed class BusyPollTests
{
    [Theory]
    [InlineData(0, 50)]
    [InlineData(25, 50)]
    [InlineData(60, 120)]
    [InlineData(100, 200)]
    [InlineData(1_000_000, 200)]
    public void A_poll_set_is_polled_in_proportion_to_the_preceding_work(int worked, int span)
    {
        long microsecond = Stopwatch.Frequency / 1_000_000;

        Assert.Equal(span * microsecond, BusyPoll.SpanAfter(worked * microsecond));
    }
}
