using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>chat pair --turns: one FIFO, which each side opens to write a line and opens again to read one.</summary>
[FullRun(Reason.Variants)]
[SlowRun]
public sealed class ChatTurnsTests : IDisposable
{
    private readonly ToolHome _home = new();

    private string Talk => Path.Combine(_home.Work, "talk");

    private string Address => $"fifo://{Talk}";

    public void Dispose() => _home.Dispose();

    [NeedsProgramTheory("cc")]
    [InlineData("80", true)]
    [InlineData("80", false)]
    [InlineData("1024", true)]
    [InlineData("1024", false)]
    public async Task A_C_program_and_the_tool_alternate_whichever_writes_first(string block, bool toolIsFirst)
    {
        string program = await InteropProgram.CompileAsync(_home, "fifo_turns");
        List<string> line = ["chat", "pair", Address, "--turns"];
        line.AddRange(toolIsFirst ? ["--first"] : []);
        line.AddRange(block == "80" ? [] : ["--block", block]);
        var tool = _home.Start([.. line]);
        await tool.ErrorLineAsync("waiting at ");
        var other = _home.StartProgram([program, Talk, toolIsFirst ? "second" : "first", block]);
        if (toolIsFirst)
        {
            await tool.SayAsync("the first line");
            Assert.Equal("the first line", await other.LineAsync());
        }

        for (int i = 0; i < 20; i++)
        {
            await other.SayAsync($"question {i}, which leaves its end in the buffer", $"q{i}");
            Assert.Equal($"question {i}, which leaves its end in the buffer", await tool.LineAsync());
            await tool.SayAsync($"answer {i}");
            Assert.Equal($"answer {i}", await other.LineAsync());
            Assert.Equal($"q{i}", await tool.LineAsync());
            await tool.SayAsync($"a{i}");
            Assert.Equal($"a{i}", await other.LineAsync());
        }

        await other.SayAsync("end");
        Assert.Equal("* the other side has left", await tool.LineAsync());
        Assert.Equal(0, (await other.ExitAsync()).ExitCode);
        Assert.Equal(0, (await tool.ExitAsync()).ExitCode);
        Assert.False(File.Exists(Talk));
    }

    [Fact]
    public async Task A_line_that_is_too_long_does_not_end_the_turn()
    {
        var (first, second) = await StartBothAsync();
        await first.SayAsync(new string('x', 79), "hello");
        Assert.Equal("* the line was not sent: it is longer than 78 bytes", await first.LineAsync());
        Assert.Equal("hello", await second.LineAsync());
        await second.SayAsync(new string('y', 78));
        Assert.Equal(new string('y', 78), await first.LineAsync());

        // The end of input is the end of the talk.
        first.Close();
        Assert.Equal("* the other side has left", await second.LineAsync());
        Assert.Equal(0, (await first.ExitAsync()).ExitCode);
        Assert.Equal(0, (await second.ExitAsync()).ExitCode);
        Assert.False(File.Exists(Talk));
    }

    [Fact]
    public async Task A_shell_alternates_with_the_tool_over_the_FIFO()
    {
        var tool = _home.Start("chat", "pair", Address, "--turns");
        await tool.ErrorLineAsync("waiting at ");
        var shell = _home.StartShell("printf 'one\\ntwo\\n' > talk; cat talk; echo end > talk");
        Assert.Equal("one", await tool.LineAsync());
        Assert.Equal("two", await tool.LineAsync());
        await tool.SayAsync("three");
        Assert.Equal("three\n\0", (await shell.EndAsync()).Output);
        Assert.Equal(0, (await tool.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Chat_exits_6_when_the_other_side_dies_in_its_turn()
    {
        var tool = _home.Start("chat", "pair", Address, "--turns");
        await tool.ErrorLineAsync("waiting at ");
        await _home.StartShell("exec 3> talk; kill -9 $$").EndAsync();
        Assert.Equal("* the other side has left without a word", await tool.LineAsync());
        Assert.Equal(6, (await tool.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Chat_exits_6_and_does_not_send_a_line_when_the_other_side_has_left()
    {
        // The reader ends without reading.
        var tool = _home.Start("chat", "pair", Address, "--turns", "--first");
        await tool.ErrorLineAsync("waiting at ");
        Assert.Equal(0, (await _home.StartShell(": < talk").EndAsync()).ExitCode);
        await tool.SayAsync("a secret");
        Assert.Equal("* the line was not sent: the other side has left", await tool.LineAsync());
        Assert.Equal(6, (await tool.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Ctrl_C_in_the_own_turn_sends_end_to_the_other_side()
    {
        var tool = _home.Start("chat", "pair", Address, "--turns", "--first");
        await tool.ErrorLineAsync("waiting at ");
        var shell = _home.StartShell("cat talk");
        await tool.SayAsync(new string('x', 79));
        Assert.StartsWith("* the line was not sent: ", await tool.LineAsync(), StringComparison.Ordinal);
        await tool.SignalAsync("INT");
        Assert.Equal(130, (await tool.ExitAsync()).ExitCode);
        Assert.Equal("end\n\0", (await shell.EndAsync()).Output);
        Assert.False(File.Exists(Talk));
    }

    [Theory]
    [InlineData("--first")]
    [InlineData("--turns")]
    public async Task Ctrl_C_ends_the_wait_for_the_other_side(string option)
    {
        var tool = _home.Start("chat", "pair", Address, "--turns", option);
        await tool.ErrorLineAsync("waiting at ");
        await tool.SignalAsync("INT");
        Assert.Equal(130, (await tool.ExitAsync()).ExitCode);
        Assert.False(File.Exists(Talk));
    }

    [Theory]
    [InlineData(true, 4, "writes first there, and so this side cannot. Start this side without --first.")]
    [InlineData(false, 4, "already waits there for the first line. Start this side with --first.")]
    public async Task A_second_side_with_the_same_role_is_refused(bool isFirst, int code, string text)
    {
        string[] line = ["chat", "pair", Address, "--turns", .. isFirst ? new[] { "--first" } : []];
        var one = _home.Start(line);
        await one.ErrorLineAsync("waiting at ");
        var other = await _home.RunAsync(line);
        Assert.True(other.ExitCode == code, other.ToString());
        Assert.Contains($"pid {one.Id} {text}", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_a_FIFO_is_refused_and_stays_unchanged()
    {
        File.WriteAllText(Talk, "a file");
        var outcome = await _home.RunAsync("chat", "pair", Address, "--turns");
        Assert.True(outcome.ExitCode == 4, outcome.ToString());
        Assert.Contains("exists and is not a FIFO", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("a file", File.ReadAllText(Talk));
    }

    [Theory]
    [InlineData("--turns", "unix://talk")]
    [InlineData("--turns", "fifo://talk")]
    [InlineData("--turns", "fifo:///tmp/a,/tmp/b")]
    [InlineData("--turns", "fifo:///tmp/a?framing=line")]
    [InlineData("--turns", "fifo:///tmp/a?mode=9")]
    [InlineData("--first", "fifo:///tmp/a,/tmp/b")]
    public async Task Options_that_do_not_fit_the_address_are_refused(string option, string address)
    {
        var outcome = await _home.RunAsync("chat", "pair", address, option);
        Assert.True(outcome is { ExitCode: 2, Output: "" }, outcome.ToString());
    }

    private async Task<(ToolProcess First, ToolProcess Second)> StartBothAsync()
    {
        var first = _home.Start("chat", "pair", Address, "--turns", "--first");
        await first.ErrorLineAsync("waiting at ");
        var second = _home.Start("chat", "pair", Address, "--turns");
        await second.ErrorLineAsync("waiting at ");
        return (first, second);
    }
}
