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
    public async Task A_segment_is_listed_shown_and_removed()
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

    [NeedsProgramFact("ipcmk")]
    public async Task Semaphores_and_message_queues_are_listed_as_well()
    {
        using SharedRegion region = SharedRegion.OpenSystemV(_key, 8192);
        int semaphores = await MakeAsync("--semaphore", "3");
        int queue = await MakeAsync("--queue");
        try
        {
            string all = (await _home.RunAsync("list", "--sysv", "--output", "json")).Output;
            JsonElement[] lines =
            [
                .. all.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonDocument.Parse(line).RootElement),
            ];
            JsonElement segment = Assert.Single(lines, line => line.TryGetProperty("key", out var key) && $"sysv://{key}" == Address);
            Assert.Equal(("segment", 8192, 1), (Text(segment, "kind"), Number(segment, "bytes"), Number(segment, "attached")));
            Assert.Equal(Environment.ProcessId, Number(segment, "creatorPid"));
            JsonElement set = Assert.Single(lines, line => Text(line, "kind") == "semaphores" && Number(line, "id") == semaphores);
            Assert.Equal(("640", 3), (Text(set, "mode"), Number(set, "semaphores")));
            JsonElement empty = Assert.Single(lines, line => Text(line, "kind") == "queue" && Number(line, "id") == queue);
            Assert.Equal(("640", 0, 0), (Text(empty, "mode"), Number(empty, "messages"), Number(empty, "bytes")));

            Outcome table = await _home.RunAsync("list", "--sysv");
            Assert.StartsWith("KIND ", table.Lines[0], StringComparison.Ordinal);
            Assert.Contains(table.Lines, static line => line.StartsWith("semaphores ", StringComparison.Ordinal)
                && line.Contains(" 3 semaphores ", StringComparison.Ordinal));
            Assert.Contains(table.Lines, static line => line.StartsWith("queue ", StringComparison.Ordinal)
                && line.Contains(" 0 messages, 0 bytes ", StringComparison.Ordinal));
        }
        finally
        {
            await _home.StartProgram(["ipcrm", "-s", Id(semaphores), "-q", Id(queue)]).EndAsync();
        }
    }

    [Theory]
    [InlineData("--segments")]
    [InlineData("--all")]
    [InlineData("--locks")]
    [InlineData("--boards")]
    public async Task List_refuses_sysv_together_with_another_kind(string option) =>
        Assert.Equal(2, (await _home.RunAsync("list", "--sysv", option)).ExitCode);

    [Fact]
    public async Task An_attached_segment_is_removed_only_with_force()
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
    public async Task An_address_that_is_not_a_segment_is_a_usage_error(string address) =>
        Assert.Equal(2, (await _home.RunAsync("remove", address)).ExitCode);

    private static string Id(int id) => id.ToString(CultureInfo.InvariantCulture);

    private static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();

    private static int Number(JsonElement line, string name) => line.GetProperty(name).GetInt32();

    /// <returns>The number that ipcmk tells: "Semaphore id: 5".</returns>
    private async Task<int> MakeAsync(params string[] options)
    {
        Outcome made = await _home.StartProgram(["ipcmk", "--mode", "0640", .. options]).EndAsync();
        Assert.True(made.ExitCode == 0, made.ToString());
        return int.Parse(made.Output[(made.Output.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }
}
