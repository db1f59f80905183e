using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The tool, started by its first client.</summary>
public sealed class ActivationTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [NeedsProgramFact("systemd-socket-activate")]
    public async Task Systemd_starts_a_server_for_its_first_client()
    {
        string place = Path.Combine(_home.Runtime, "orders");
        _home.StartProgram([
            "systemd-socket-activate",
            $"--listen={place}",
            "--fdname=orders",
            "--setenv=PATH",
            "--setenv=HOME",
            "--setenv=XDG_RUNTIME_DIR",
            "--setenv=DOTNET_ROOT",
            .. ToolHome.Tool,
            "reply",
            "fd://orders",
            "--exec",
            "echo \"got $(cat) ${LISTEN_FDS-and nothing else}\"",
        ]);
        for (int i = 0; i < 2; i++)
        {
            Outcome answer = await _home.RunAsync("request", $"unix://{place}?wait=60s", $"number {i}");
            Assert.True(answer.ExitCode == 0, answer.ToString());
            Assert.Equal([$"got number {i} and nothing else"], answer.Lines);
        }
    }
}
