using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Stdin, stdout and stderr that cannot be used: exit codes keep their meaning.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class ClosedDescriptorTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("fairlead send unix://nobody hi 2>&-", 3)]
    [InlineData("fairlead send unix://nobody hi 2>/dev/full", 3)]
    [InlineData("fairlead send unix://nobody hi <&- 2>&-", 3)]
    [InlineData("fairlead no-such-verb 2>/dev/full", 2)]
    [InlineData("fairlead 2>&-", 2)]
    [InlineData("fairlead 2>/dev/full", 2)]
    [InlineData("fairlead spawn -- sh -c 'exit 7' 2>&-", 7)]
    [InlineData("fairlead spawn -- sh -c 'exit 7' <&- >&- 2>&-", 7)]
    [InlineData("fairlead receive unix://inbox --verbose --timeout 1ms 2>/dev/full", 124)]
    [InlineData("fairlead tour --transport locks 2>&-", 0)]
    public async Task An_unwritable_stderr_does_not_change_the_exit_code(string line, int code)
    {
        var outcome = await _home.StartShell(line).EndAsync();

        Assert.True(outcome.ExitCode == code, outcome.ToString());
    }

    [Theory]
    [InlineData("fairlead log append log://$PWD/orders - <&-")]
    [InlineData("fairlead send unix://inbox - <&-")]
    [InlineData("fairlead request unix://echo - --bind <&-")]
    [InlineData("fairlead listen unix://talk --keep <&-")]
    [InlineData("fairlead spawn --channel to-child -- true <&-")]
    [InlineData("fairlead spawn --channel duplex --framing line -- sh -c 'cat <&3' <&-")]
    [InlineData("fairlead tour --input - --transport unix <&-")]
    public async Task A_verb_that_reads_a_closed_stdin_reports_an_error(string line)
    {
        var receiver = _home.Start("receive", "unix://inbox", "--verbose");
        await receiver.ErrorLineAsync("listening on ");

        var outcome = await _home.StartShell(line).EndAsync();

        Assert.True(outcome.ExitCode == 1, outcome.ToString());
        Assert.Contains("fairlead: stdin cannot be read: it is closed", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fairlead spawn --channel from-child --framing line -- sh -c 'echo said >&3' <&-", 0, "said\n")]
    [InlineData("fairlead list <&-", 0, null)]
    [InlineData("fairlead list >&-", 1, "")]
    [InlineData("fairlead list --output json >&- <&-", 0, "")]
    public async Task A_verb_ignores_closed_standard_streams_that_it_does_not_use(string line, int code, string? output)
    {
        var outcome = await _home.StartShell(line).EndAsync();

        Assert.True(outcome.ExitCode == code && (output ?? outcome.Output) == outcome.Output, outcome.ToString());
    }

    [Fact]
    public async Task A_server_continues_although_its_stderr_is_full()
    {
        var server = _home.StartShell("fairlead listen unix://talk --verbose --count 2 2> /dev/full");

        Assert.Equal(0, (await SayAsync("one")).ExitCode);
        Assert.Equal("one", await server.LineAsync());
        Assert.Equal(0, (await SayAsync("two")).ExitCode);

        Assert.Equal("two", await server.LineAsync());
        Assert.Equal(0, (await server.ExitAsync()).ExitCode);
    }

    private async Task<Outcome> SayAsync(string text) =>
        await _home.StartShell($"echo {text} | fairlead connect unix://talk --wait 1m").EndAsync();
}
