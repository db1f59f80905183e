using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Memory;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>System V segments, which live until they are removed.</summary>
public sealed class SegmentTests : IDisposable
{
    private readonly ToolHome _home = new();
    private readonly int _key = Random.Shared.Next(1, int.MaxValue);

    private string Address => string.Create(CultureInfo.InvariantCulture, $"sysv://0x{_key:x}");

    public void Dispose()
    {
        _home.Dispose();
        SharedRegion.RemoveSystemV(_key);
    }

    [Fact]
    public async Task A_segment_is_listed_told_of_and_removed()
    {
        SharedRegion.OpenSystemV(_key, 8192).Dispose();
        Outcome list = await _home.RunAsync("list", "--segments");
        Assert.Contains(
            list.Lines,
            line => line.StartsWith(Address + " ", StringComparison.Ordinal) && line.Contains(" 8192 ", StringComparison.Ordinal));
        Assert.StartsWith("SEGMENT", list.Lines[0], StringComparison.Ordinal);
        Outcome json = await _home.RunAsync("list", "--segments", "--output", "json");
        JsonElement listed = json
            .Lines.Select(static line => JsonDocument.Parse(line).RootElement)
            .Single(line => line.TryGetProperty("segment", out var segment) && segment.GetString() == Address);
        Assert.Equal(
            (8192, "600", Environment.ProcessId, 0),
            (
                listed.GetProperty("size").GetInt64(),
                listed.GetProperty("mode").GetString(),
                listed.GetProperty("creatorPid").GetInt32(),
                listed.GetProperty("attached").GetInt32()));

        Outcome info = await _home.RunAsync("info", string.Create(CultureInfo.InvariantCulture, $"sysv://{_key}"));
        Assert.Contains("attached      0 now", info.Lines);
        Assert.Equal(0, (await _home.RunAsync("remove", Address)).ExitCode);
        Assert.Null(SharedRegion.FindSystemV(_key));
        foreach (string verb in new[] { "info", "remove" })
        {
            Outcome gone = await _home.RunAsync(verb, Address);
            Assert.Equal(3, gone.ExitCode);
            Assert.Contains("the segment does not exist", gone.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_attached_is_removed_only_by_force()
    {
        using SharedRegion region = SharedRegion.OpenSystemV(_key, 4096);
        Outcome refused = await _home.RunAsync("remove", Address);
        Assert.Equal(4, refused.ExitCode);
        Assert.Contains($"is attached (1), last by process {Environment.ProcessId}", refused.Error, StringComparison.Ordinal);
        Assert.NotNull(SharedRegion.FindSystemV(_key));
        Assert.Equal(0, (await _home.RunAsync("remove", Address, "--force")).ExitCode);
        Assert.Null(SharedRegion.FindSystemV(_key));
        region.At<byte>(0) = 1;
    }

    [Theory]
    [InlineData("sysv://0")]
    [InlineData("sysv://0x")]
    [InlineData("sysv://orders")]
    [InlineData("sysv://0x123456789")]
    [InlineData("unix://orders")]
    [InlineData("sysv://5?size=3")]
    public async Task What_is_no_segment_is_a_usage_error(string address) =>
        Assert.Equal(2, (await _home.RunAsync("remove", address)).ExitCode);
}
