using Fairlead.Patterns.Links.Output;

namespace Fairlead.Tests.Patterns;

public sealed class BurstDetectorTests
{
    [Theory]
    [InlineData(100, 16)]
    [InlineData(4_000, 4)]
    [InlineData(16_408, 4)]
    public void Several_messages_within_a_short_time_are_a_stream(int bytes, int atOnce)
    {
        BurstDetector burst = default;
        long now = 10 * BurstDetector.Span;
        for (int i = 0; i < atOnce; i++)
        {
            Assert.False(burst.Note(now, bytes));
        }

        // From now on they are buffered, until a batch is written.
        Assert.True(burst.Note(now, bytes));
        Assert.True(burst.Note(now, 2 * bytes));
        Assert.True(burst.Note(now, 3 * bytes));
        Assert.True(burst.Note(now, bytes));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(16_408)]
    public void A_stream_ends_after_a_span_with_too_few_messages(int bytes)
    {
        BurstDetector burst = default;
        long now = 10 * BurstDetector.Span;
        for (int i = 0; i < 20; i++)
        {
            burst.Note(now, bytes);
        }

        // The first of the next span still belongs to it, for all that is known.
        now += BurstDetector.Span + 1;
        Assert.True(burst.Note(now, bytes));
        now += BurstDetector.Span + 1;
        Assert.False(burst.Note(now, bytes));
    }

    [Fact]
    public void A_stream_does_not_survive_a_pause()
    {
        BurstDetector burst = default;
        long now = 10 * BurstDetector.Span;
        for (int i = 0; i < 20; i++)
        {
            burst.Note(now, 16_408);
        }

        Assert.False(burst.Note(now + (2 * BurstDetector.Span), 16_408));
    }

    [Fact]
    public void Buffered_bytes_count_once()
    {
        BurstDetector burst = default;
        long now = 10 * BurstDetector.Span;
        for (int i = 1; i <= 16; i++)
        {
            // 16 KiB all together.
            Assert.False(burst.Note(now, i * 1_024));
        }
    }
}
