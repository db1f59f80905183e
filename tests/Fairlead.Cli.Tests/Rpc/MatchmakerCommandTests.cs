using System.Text.Json;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>A matchmaker over the network, for a service in a third process.</summary>
[SlowRun]
public sealed class MatchmakerCommandTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Services_are_found_at_a_matchmaker_until_they_are_killed()
    {
        ToolProcess matchmaker = _home.Start("matchmaker", "serve", "tcp://127.0.0.1:0");
        string place = (await matchmaker.ErrorLineAsync("listening on "))["listening on ".Length..];
        ToolProcess server = _home.StartProgram(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Fairlead.Rpc.Peer.dll"), "register", place, "work"]);
        Assert.Equal("ready", await server.LineAsync());

        Outcome called = await _home.RunAsync("call", "--matchmaker", place, "work", "Once", "[21]");
        Assert.True(called is { ExitCode: 0, Output: "42\n", Error: "" }, called.ToString());
        Assert.Equal(0, (await _home.RunAsync("describe", "--matchmaker", place, "work")).ExitCode);

        Outcome listed = await _home.RunAsync("services", "--matchmaker", place);
        string[] titles = Words(listed.Lines[0]);
        Assert.Equal(["CLIENTS", "CALLS", "SINCE", "HOST", "ADDRESS"], titles[^5..]);
        string[] words = Words(listed.Lines[1]);
        Assert.Equal(["work", "Fairlead.Rpc.Peer.IWork", $"{server.Id}"], words[..3]);
        Assert.StartsWith("tcp://127.0.0.1:", words[^1], StringComparison.Ordinal);

        JsonElement line = JsonDocument
            .Parse((await _home.RunAsync("services", "work", "--matchmaker", place, "--output", "json")).Lines[0])
            .RootElement;
        Assert.Equal(Environment.MachineName, line.GetProperty("host").GetString());
        Assert.False(line.TryGetProperty("calls", out _));

        await server.SignalAsync("KILL");
        await server.ExitAsync();
        while ((await _home.RunAsync("services", "--matchmaker", place)).Lines.Length > 1)
        {
            // The matchmaker has not been told yet.
        }

        Outcome gone = await _home.RunAsync("call", "--matchmaker", place, "work", "Once", "[21]");
        Assert.True(gone is { ExitCode: 3, Output: "" }, gone.ToString());
        Assert.Contains($"no service 'work' is registered at the matchmaker {place}", gone.Error, StringComparison.Ordinal);
        Assert.Equal(3, (await _home.RunAsync("services", "work", "--matchmaker", place)).ExitCode);

        await matchmaker.SignalAsync("INT");
        Assert.Equal(130, (await matchmaker.ExitAsync()).ExitCode);
        Outcome away = await _home.RunAsync("services", "--matchmaker", place);
        Assert.True(away.ExitCode == 3 && away.Output.Length == 0, away.ToString());
        Assert.Contains($"no matchmaker is reached at {place}", away.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_registers_the_services_that_its_certificate_names()
    {
        Assert.Equal(0, (await _home.RunAsync("certificate", "authority", "trial")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("certificate", "server", "trial", "localhost")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("certificate", "client", "trial", "work")).ExitCode);
        Assert.Equal(0, (await _home.RunAsync("certificate", "client", "trial", "alice")).ExitCode);
        string Proof(string name) =>
            $"?certificate={_home.Work}/trial/{name}.pem&key={_home.Work}/trial/{name}.key&authority={_home.Work}/trial/authority.pem";
        ToolProcess matchmaker = _home.Start("matchmaker", "serve", "tls://localhost:0" + Proof("localhost"));
        Address bound = (await matchmaker.ErrorLineAsync("listening on "))["listening on ".Length..];
        string place = $"tls://localhost:{bound.Port}";
        string program = Path.Combine(AppContext.BaseDirectory, "Fairlead.Rpc.Peer.dll");

        ToolProcess other = _home.StartProgram(["dotnet", program, "register", place + Proof("alice"), "work"]);
        Outcome denied = await other.EndAsync();
        Assert.NotEqual(0, denied.ExitCode);
        Assert.Contains("register no service 'work'", denied.Error, StringComparison.Ordinal);
        Assert.Equal(3, (await _home.RunAsync("services", "work", "--matchmaker", place + Proof("alice"))).ExitCode);

        ToolProcess server = _home.StartProgram(["dotnet", program, "register", place + Proof("work"), "work"]);
        Assert.Equal("ready", await server.LineAsync());
        Outcome found = await _home.RunAsync("services", "work", "--matchmaker", place + Proof("alice"));
        Assert.True(found.ExitCode == 0 && found.Lines.Length == 2, found.ToString());
    }

    [Fact]
    public async Task Matchmaker_serve_refuses_an_open_address_without_insecure()
    {
        Outcome refused = await _home.RunAsync("matchmaker", "serve", "tcp://0.0.0.0:0");
        Assert.True(refused.ExitCode == 5, refused.ToString());
        Assert.Contains("--insecure", refused.Error, StringComparison.Ordinal);
        ToolProcess matchmaker = _home.Start("matchmaker", "serve", "tcp://0.0.0.0:0", "--insecure");
        await matchmaker.ErrorLineAsync("listening on ");
    }

    [Fact]
    public async Task An_invalid_matchmaker_address_exits_2()
    {
        Assert.Equal(2, (await _home.RunAsync("matchmaker", "serve", "calc")).ExitCode);
        Assert.Equal(2, (await _home.RunAsync("matchmaker", "serve", "inproc://calc")).ExitCode);
        Assert.Equal(2, (await _home.RunAsync("matchmaker", "serve")).ExitCode);
        Assert.Equal(2, (await _home.RunAsync("services", "--matchmaker", "calc")).ExitCode);
        Assert.Equal(2, (await _home.RunAsync("call", "--matchmaker", "calc", "calc", "Add")).ExitCode);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
