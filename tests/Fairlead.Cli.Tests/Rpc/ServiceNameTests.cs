using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The commands against a service by name, in another process.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class ServiceNameTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_service_is_listed_and_called_by_its_name()
    {
        ToolProcess server = await ServeAsync();
        ToolProcess second = await ServeAsync();

        Outcome called = await _home.RunAsync("call", "calc", "Add", "{\"a\":2,\"b\":3}");
        Assert.True(called is { ExitCode: 0, Output: "5\n", Error: "" }, called.ToString());

        // The server learns a moment later that its client has gone.
        Outcome listed;
        do
        {
            listed = await _home.RunAsync("services", "calc");
        }
        while (Words(listed.Lines[1])[4] != "0");

        Assert.Equal(["SERVICE", "CONTRACT", "PID", "PROGRAM", "CLIENTS", "CALLS", "SINCE"], Words(listed.Lines[0]));
        Assert.Equal(["calc", "ICalculator", $"{server.Id}", "RemoteCalculator", "0"], Words(listed.Lines[1])[..5]);
        Assert.Equal(["calc", "ICalculator", $"{second.Id}"], Words(listed.Lines[2])[..3]);
        Assert.Equal(1, listed.Lines[1..].Sum(static line => int.Parse(Words(line)[5], CultureInfo.InvariantCulture)));

        JsonElement line = JsonDocument.Parse((await _home.RunAsync("services", "--output", "json")).Lines[0]).RootElement;
        Assert.Equal("calc", line.GetProperty("service").GetString());
        Assert.Equal(server.Id, line.GetProperty("pid").GetInt32());
        Assert.Equal(2, line.GetProperty("addresses").GetArrayLength());

        Outcome same = await _home.RunAsync("diff", "calc", line.GetProperty("addresses")[1].GetString()!);
        Assert.True(same is { ExitCode: 0, Output: "" }, same.ToString());
    }

    [Fact]
    public async Task Services_shows_the_label_of_a_server()
    {
        // In the registry of the tool, which is not that of these tests.
        ToolProcess labelled = _home.StartProgram(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Fairlead.Rpc.Peer.dll"), "serve", "work", $"{_home.Work}/log", "blue"]);
        Assert.Equal("ready", await labelled.LineAsync());
        Outcome listed = await _home.RunAsync("services");
        Assert.Equal("LABEL", Words(listed.Lines[0])[^1]);
        Assert.Equal("blue", Words(listed.Lines[1])[^1]);
        JsonElement line = JsonDocument.Parse((await _home.RunAsync("services", "--output", "json")).Lines[0]).RootElement;
        Assert.Equal("blue", line.GetProperty("label").GetString());

        Outcome endpoints = await _home.RunAsync("list");
        Assert.Equal("LABEL", Words(endpoints.Lines[0])[^1]);
        Assert.Equal(["rpc", "work"], Words(endpoints.Lines[1])[9..11]);
    }

    [Fact]
    public async Task Call_exits_3_after_the_server_died_and_names_its_pid()
    {
        ToolProcess server = await ServeAsync();
        Assert.Equal(0, (await _home.RunAsync("call", "calc", "Add", "[2,3]")).ExitCode);
        await server.SignalAsync("KILL");
        await server.ExitAsync();

        Outcome called = await _home.RunAsync("call", "calc", "Add", "[2,3]");

        Assert.True(called is { ExitCode: 3, Output: "" }, called.ToString());
        Assert.Contains($"no service 'calc' lives: pid {server.Id} (", called.Error, StringComparison.Ordinal);
        Assert.Contains("RemoteCalculator", called.Error, StringComparison.Ordinal);

        // The first that looked has cleared it away.
        Outcome again = await _home.RunAsync("call", "calc", "Add", "[2,3]");
        Assert.Equal(3, again.ExitCode);
        Assert.Contains("no service 'calc' lives (searched", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_waits_for_its_service()
    {
        ToolProcess call = _home.Start("call", "calc", "Add", "[2,3]", "--wait", "2m");
        await ServeAsync();
        Outcome called = await call.EndAsync();
        Assert.True(called is { ExitCode: 0, Output: "5\n" }, called.ToString());
    }

    [Fact]
    public async Task A_service_without_a_running_server_exits_3()
    {
        Assert.Equal(3, (await _home.RunAsync("services", "calc")).ExitCode);
        Assert.Equal(3, (await _home.RunAsync("describe", "calc")).ExitCode);
        Assert.Single((await _home.RunAsync("services")).Lines);
        Assert.Equal(2, (await _home.RunAsync("describe", "no name")).ExitCode);
        Assert.Equal(2, (await _home.RunAsync("describe", "")).ExitCode);
    }

    [Fact]
    public async Task Completion_offers_service_names()
    {
        await ServeAsync();
        Assert.Equal("calc\n", (await _home.RunAsync("complete-words", "--", "call", "c")).Output);
        Assert.Equal("calc\n", (await _home.RunAsync("complete-words", "--", "services", "")).Output);
        Assert.Equal("calc\n", (await _home.RunAsync("complete-words", "--", "diff", "old.json", "c")).Output);
    }

    private async Task<ToolProcess> ServeAsync()
    {
        ToolProcess server = _home.StartProgram(["dotnet", Path.Combine(AppContext.BaseDirectory, "RemoteCalculator.dll"), "server"]);
        await server.ErrorLineAsync("serving");
        return server;
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
