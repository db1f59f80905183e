using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

[SlowRun]
public sealed class ListTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task List_prints_only_the_heading_in_a_fresh_runtime_directory()
    {
        var listed = await _home.RunAsync("list");

        Assert.True(listed is { ExitCode: 0, Error: "" }, listed.ToString());
        Assert.Single(listed.Lines);
    }

    [Fact]
    public async Task List_shows_listening_endpoints_with_their_counters()
    {
        var (responder, _) = await _home.ServeAsync("reply", "unix://calc", "--echo");
        var (receiver, _) = await _home.ServeAsync("receive", "unix://inbox");
        await _home.RunAsync("request", "unix://calc", "1");
        await _home.RunAsync("send", "unix://inbox", "hello", "--deliver");
        await _home.RunAsync("send", "unix://inbox", "hello", "--deliver");

        var listed = await _home.RunAsync("list");

        Assert.Equal(["ENDPOINT", "KIND", "PID", "PROGRAM", "CLIENTS", "MESSAGES", "DROPPED", "MISSED", "SINCE"], Words(listed.Lines[0]));
        Assert.Equal(["unix://calc", "responder", $"{responder.Id}"], Words(listed.Lines[1])[..3]);
        Assert.Equal(["1", "0", "0"], Words(listed.Lines[1])[5..8]);
        Assert.Equal(["unix://inbox", "receiver", $"{receiver.Id}"], Words(listed.Lines[2])[..3]);
        Assert.Equal(["2", "0", "0"], Words(listed.Lines[2])[5..8]);
        Assert.Matches(@"^\d\d:\d\d:\d\d$", Words(listed.Lines[2])[8]);
    }

    [Fact]
    public async Task List_shows_connected_endpoints_with_all()
    {
        var (_, address) = await _home.ServeAsync("receive", "unix://inbox");
        var sender = _home.Start("send", address, "-", "--verbose");
        await sender.ErrorLineAsync("connected to ");

        Assert.Single((await _home.RunAsync("list", "--output", "text")).Lines);
        var all = (await _home.RunAsync("list", "--output", "text", "--all")).Lines;

        Assert.Equal(["receiver", "sender"], all.Select(line => line.Split('\t')[1]));
        Assert.Equal($"{sender.Id}", all[1].Split('\t')[2]);
    }

    [Fact]
    public async Task Json_output_has_one_object_per_line()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox");
        await _home.RunAsync("send", address, "hello", "--deliver");

        var line = JsonDocument.Parse(Assert.Single((await _home.RunAsync("list", "--output", "json")).Lines)).RootElement;

        Assert.Equal("unix://inbox", line.GetProperty("endpoint").GetString());
        Assert.Equal("receiver", line.GetProperty("kind").GetString());
        Assert.Equal(receiver.Id, line.GetProperty("pid").GetInt32());
        Assert.Equal(1, line.GetProperty("messagesReceived").GetInt64());
        Assert.Equal(5, line.GetProperty("bytesReceived").GetInt64());
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
