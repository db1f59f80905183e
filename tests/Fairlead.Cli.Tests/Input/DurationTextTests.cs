using Fairlead.Cli.Input;

namespace Fairlead.Cli.Tests.Input;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("200ms", 200)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("2000us", 2)]
    public void Durations_are_read_as_in_addresses(string text, double milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1 s")]
    [InlineData("1sec")]
    [InlineData("99999999999d")]
    public void Malformed_durations_are_refused(string text) => Assert.False(DurationText.TryParse(text, out _));
}
