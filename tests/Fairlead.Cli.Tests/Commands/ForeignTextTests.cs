using Fairlead.Cli.Output;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Text of other programs that a person reads at a terminal: it must not steer the terminal, nor forge a line.</summary>
[FullRun(Reason.Variants)]
public sealed class ForeignTextTests : IDisposable
{
    /// <summary>A shell command that fails, and whose stderr would set the terminal's title and colour.</summary>
    private const string Failing = @"printf '\033]0;title\007\004\033[31mred\none\rtwo\302\2333m' >&2; exit 1";

    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_text_of_an_error_has_no_control_characters()
    {
        var (_, address) = await _home.ServeAsync("reply", "unix://broken", "--exec", Failing);

        var asked = await _home.RunAsync("request", address, "print");

        Assert.True(asked.ExitCode == 1, asked.ToString());
        AssertVisible(asked.Error, "title");
    }

    [Fact]
    public async Task The_texts_of_receipts_and_items_have_no_control_characters()
    {
        var (queue, address) = await _home.ServeAsync("work", "serve", "unix://jobs", "--deliveries", "1");
        var worker = _home.Start("work", "pull", address, "--exec", Failing);

        var pushed = await _home.RunAsync("work", "push", address, "an \e[31mitem");

        Assert.True(pushed.ExitCode == 1, pushed.ToString());
        AssertVisible(pushed.Error, "title");
        AssertVisible(await worker.ErrorLineAsync("fairlead: not done: an  [31mitem"), "title");
        AssertVisible(await queue.ErrorLineAsync("fairlead: given up"), "an  [31mitem");
    }

    [Fact]
    public async Task Topics_have_no_control_characters_and_payloads_outside_a_terminal_are_unchanged()
    {
        var refused = await _home.RunAsync("publish", "unix://news", "red.\u009b31m.word", "\e[31mred");
        Assert.True(refused.ExitCode == 2, refused.ToString());
        AssertVisible(refused.Error, "'red. 31m.word' is not a topic");

        var publisher = _home.Start("publish", "unix://news", "red.word", "\e[31mred");

        var heard = await _home.RunAsync("subscribe", "unix://news", "--wait", "1m", "--show-topic");

        Assert.True(heard is { ExitCode: 0, Output: "red.word \e[31mred\n" }, heard.ToString());
        Assert.Equal(0, (await publisher.EndAsync()).ExitCode);
    }

    [NeedsProgramFact("script")]
    public async Task Payloads_cannot_control_the_terminal_without_raw()
    {
        Assert.Equal("one\n\ttwo  [31m\n", await OnTerminalAsync(""));
        Assert.Equal("one\n\ttwo\r\e[31m", await OnTerminalAsync("--raw"));

        async Task<string> OnTerminalAsync(string option)
        {
            var tool = string.Join(' ', ToolHome.Tool);
            var receiver = _home.StartShell($"script -qec \"stty -opost; {tool} receive unix://inbox --count 1 {option}\" /dev/null");
            Assert.Equal(0, (await _home.RunAsync("send", "unix://inbox?wait=1m", "one\n\ttwo\r\e[31m")).ExitCode);
            return (await receiver.ExitAsync()).Output;
        }
    }

    [Theory]
    [InlineData("plain text, ünïcödé, 日本語 🙂", "plain text, ünïcödé, 日本語 🙂")]
    [InlineData("a\nb\tc\rd\0e\e[0m", "a b c d e [0m")]
    [InlineData("C1 \u009b31m, line \u2028, \u2029, marks \u202E and \u2066", "C1  31m, line  ,  , marks   and  ")]
    public void Invisible_characters_become_spaces(string text, string visible)
    {
        Assert.Equal(visible, VisibleText.OneLine(text));
        Assert.Equal(visible, new Cell(text).Text);
    }

    private static void AssertVisible(string line, string part)
    {
        Assert.Contains(part, line, StringComparison.Ordinal);
        Assert.DoesNotContain(line.TrimEnd('\n'), char.IsControl);
    }
}
