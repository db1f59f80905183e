using System.Text.Json;
using Fairlead.Cli.Tests.Running;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Boards as the tool lists them; a second process of the tests has made them.</summary>
public sealed class BoardTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_cells_of_boards_are_listed_with_their_writers()
    {
        var none = await _home.RunAsync("list", "--boards", "--output", "text");
        Assert.True(none is { ExitCode: 0, Output: "", Error: "" }, none.ToString());

        await using var writer = PeerProcess.Start(
            new Dictionary<string, string?> { ["XDG_RUNTIME_DIR"] = _home.Runtime }, "board", "hold", "vehicle", "speed");
        Assert.Equal("ready", await writer.ReadLineAsync());
        var table = await _home.RunAsync("list", "--boards");
        Assert.Equal(
            ["BOARD", "CELL", "TYPE", "SIZE", "VERSION", "PID", "PROGRAM", "SINCE"],
            table.Lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            ["vehicle", "speed", "Int64", "8", "0", $"{writer.Id}", "Fairlead.TestPeer"],
            table.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[..7]);

        JsonElement line = await JsonAsync();
        Assert.Equal(
            ("vehicle", "speed", "Int64", 8, 0L, writer.Id, false),
            (
                line.GetProperty("board").GetString(),
                line.GetProperty("cell").GetString(),
                line.GetProperty("type").GetString(),
                line.GetProperty("size").GetInt32(),
                line.GetProperty("version").GetInt64(),
                line.GetProperty("pid").GetInt32(),
                line.GetProperty("writerDied").GetBoolean()));
        Assert.Contains("board hold vehicle speed", line.GetProperty("program").GetString(), StringComparison.Ordinal);
        Assert.Equal(16, line.GetProperty("layout").GetString()!.Length);
        Assert.True(line.TryGetProperty("since", out _));

        await writer.KillRunningAsync();
        line = await JsonAsync();
        Assert.True(line.GetProperty("writerDied").GetBoolean());
        Assert.False(line.TryGetProperty("pid", out _));
        Assert.Equal("vehicle\tspeed\tInt64\t8\t0\tdied\t-\t-\n", (await _home.RunAsync("list", "--boards", "--output", "text")).Output);

        string path = Path.Combine(_home.Runtime, "fairlead", "regions", "vehicle");
        using (var file = new FileStream(path, FileMode.Open))
        {
            file.SetLength(100);
        }

        var damaged = await _home.RunAsync("list", "--boards", "--output", "json");
        Assert.True(damaged is { ExitCode: 0, Output: "" }, damaged.ToString());
        Assert.Contains("the board 'vehicle' is damaged", damaged.Error, StringComparison.Ordinal);
        File.Delete(path);
    }

    [Theory]
    [InlineData("--all")]
    [InlineData("--locks")]
    [InlineData("--segments")]
    public async Task List_refuses_boards_together_with_another_kind(string other) =>
        Assert.Equal(2, (await _home.RunAsync("list", "--boards", other)).ExitCode);

    private async Task<JsonElement> JsonAsync() =>
        JsonDocument.Parse(Assert.Single((await _home.RunAsync("list", "--boards", "--output", "json")).Lines)).RootElement;
}
