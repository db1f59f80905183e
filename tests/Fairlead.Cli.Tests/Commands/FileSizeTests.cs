using System.Globalization;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The limit of file sizes (<c>ulimit -f</c>). Its signal ends no program that can report an error.</summary>
[FullRun(Reason.Variants)]
public sealed class FileSizeTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    // Lowered while the tool runs: below some GiB the runtime itself does not start.
    [NeedsProgramFact("prlimit")]
    public async Task Append_names_ulimit_when_the_log_cannot_grow()
    {
        var append = _home.Start("log", "append", $"log://{_home.Work}/log?segment=64KiB", "-", "--verbose");
        await append.SayAsync("first");
        await append.ErrorLineAsync("record 1");
        await LimitAsync(append);
        var line = new string('x', 1000);

        // More than the pipe and the prepared segments hold: the tool ends while the lines are written.
        var saying = append.SayAsync([.. Enumerable.Repeat(line, 2000)]);
        var outcome = await append.ExitAsync();
        await Assert.ThrowsAsync<IOException>(() => saying);
        Assert.True(outcome.ExitCode == 1, outcome.ToString());
        Assert.Contains("EFBIG", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("(ulimit -f)", outcome.Error, StringComparison.Ordinal);
    }

    [NeedsProgramFact("prlimit")]
    public async Task Receive_names_ulimit_when_its_output_cannot_grow()
    {
        var shell = _home.StartShell("exec " + string.Join(' ', ToolHome.Tool) + " receive unix://inbox --verbose > output");
        await shell.ErrorLineAsync("listening on ");
        await LimitAsync(shell);
        var sent = await _home.RunAsync("send", "unix://inbox", new string('x', 9000));

        var outcome = await shell.EndAsync();
        Assert.True(outcome.ExitCode == 1, outcome.ToString() + sent);
        Assert.Contains("stdout cannot be written", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("ulimit -f", outcome.Error, StringComparison.Ordinal);
    }

    [NeedsProgramFact("prlimit")]
    public async Task A_program_that_the_tool_starts_has_the_default_action_of_the_signal()
    {
        var run = await _home.RunAsync("lock", "x", "--", "prlimit", "--fsize=4096", "dd", "if=/dev/zero", "of=file", "bs=8192", "count=2");

        // 128 + SIGXFSZ.
        Assert.True(run.ExitCode == 153, run.ToString());
    }

    private async Task LimitAsync(ToolProcess process)
    {
        var limited = await _home
            .StartProgram(["prlimit", "--pid", process.Id.ToString(CultureInfo.InvariantCulture), "--fsize=8192:"])
            .EndAsync();
        Assert.True(limited.ExitCode == 0, limited.ToString());
    }
}
