using Fairlead.Cli.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

public sealed class IsoDurationTests
{
    [Theory]
    [InlineData(0L, "PT0S")]
    [InlineData(1L, "PT0.0000001S")]
    [InlineData(-15_000_000L, "-PT1.5S")]
    [InlineData(36_000_000_000L, "PT1H")]
    [InlineData(864_000_000_000L, "P1D")]
    [InlineData(937_840_000_000L, "P1DT2H3M4S")]
    [InlineData(long.MaxValue, "P10675199DT2H48M5.4775807S")]
    [InlineData(long.MinValue, "-P10675199DT2H48M5.4775808S")]
    public void A_duration_is_written_and_read(long ticks, string text)
    {
        Assert.Equal(text, IsoDuration.Format(new TimeSpan(ticks)));
        Assert.True(IsoDuration.TryParse(text, out TimeSpan value));
        Assert.Equal(ticks, value.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("1D")]
    [InlineData("P1H")]
    [InlineData("PT1S1M")]
    [InlineData("PT1S1S")]
    [InlineData("P1Y")]
    [InlineData("PTS")]
    [InlineData("PT1.2.3S")]
    [InlineData("P10675200D")]
    [InlineData("P99999999999999999999999999999999D")]
    [InlineData("--PT1S")]
    [InlineData("PT1S ")]
    public void An_invalid_duration_is_refused(string text) => Assert.False(IsoDuration.TryParse(text, out _));
}
