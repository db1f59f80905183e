using System.Globalization;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Many programs that bind one name at the same moment.</summary>
[FullRun(Reason.Variants)]
public sealed class BindingCrowdTests : IDisposable
{
    // The assembly takes many times as long to start as the native tool.
    private static readonly int Count = ToolHome.Tool.Length == 1 ? 40 : 8;

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("unix://crowd", "receive --timeout 100s", "send")]
    [InlineData("unixpacket://crowd", "receive --timeout 100s", "send")]
    [InlineData("shm://crowd", "receive --timeout 100s", "send")]
    [InlineData("fifo://crowd", "receive --timeout 100s", "send")]
    [InlineData("fifo://./crowd", "receive --timeout 100s", "send")]
    [InlineData("fifo://crowd-a,crowd-b", "reply --echo", "request")]
    public async Task One_program_binds_the_name_and_the_others_report_its_pid(string address, string bind, string end)
    {
        address = address.Replace("./", _home.Work + "/", StringComparison.Ordinal);

        // Each waits for a writer of the gate, which the script keeps open: a late one passes too. The winner ends when all others have.
        var script = string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            mkfifo gate ended
            exec 7<> ended
            for i in $(seq {{Count}}); do
                ( exec < gate; fairlead {{bind}} --count 1 '{{address}}' > out.$i 2> err.$i; echo $? > code.$i; echo >&7 ) &
            done
            exec 9> gate
            for i in $(seq {{Count - 1}}); do read line <&7; done
            fairlead {{end}} '{{address}}' hello
            wait
            """);
        var run = await _home.StartShell(script).EndAsync();

        var codes = Read("code").Select(static text => text.Trim()).Order(StringComparer.Ordinal);
        var errors = Read("err").Where(static text => text.Length != 0).ToArray();
        Assert.True(run.ExitCode == 0, run + string.Join("", errors));
        Assert.Equal(["0", .. Enumerable.Repeat("4", Count - 1)], codes);
        Assert.Equal(Count - 1, errors.Count(static error => error.Contains("is held by pid ", StringComparison.Ordinal)));
    }

    private IEnumerable<string> Read(string kind) =>
        Enumerable
            .Range(1, Count)
            .Select(i => File.ReadAllText(Path.Combine(_home.Work, string.Create(CultureInfo.InvariantCulture, $"{kind}.{i}"))));
}
