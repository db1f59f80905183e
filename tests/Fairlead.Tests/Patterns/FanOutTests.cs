using System.Diagnostics;
using Fairlead.Patterns.Links.Endpoint;

namespace Fairlead.Tests.Patterns;

public sealed class FanOutTests
{
    /// <summary>The machine may pause at any time, and then the run starts again: some run of messages has no pause.</summary>
    private const int Attempts = 1_000;

    [Fact]
    public void Messages_that_follow_each_other_closely_are_a_stream_from_the_ninth_on()
    {
        for (int i = 0; i < Attempts; i++)
        {
            FanOut fanOut = default;
            int count = 1;
            for (; !fanOut.Begin() && count < 9; count++)
            {
                fanOut.End();
            }

            Assert.Equal(9, count);
            if (fanOut.Begin())
            {
                return;
            }
        }

        Assert.Fail("There was never a stream.");
    }

    [Fact]
    public void A_pause_ends_a_stream_immediately()
    {
        FanOut fanOut = default;
        for (int i = 0; i < 100; i++)
        {
            fanOut.Begin();
            fanOut.End();
        }

        long end = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 10_000);
        SpinWait.SpinUntil(() => Stopwatch.GetTimestamp() > end);
        Assert.False(fanOut.Begin());
    }
}
