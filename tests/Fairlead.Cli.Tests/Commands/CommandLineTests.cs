using System.CommandLine;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>Errors of command lines, and their remedies.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly ToolHome _home = new();

    /// <summary>All that may stand behind the tool's name: <c>work</c>, <c>work push</c>.</summary>
    public static TheoryData<string> Verbs => [.. Below(FairleadCommand.Create(), "")];

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("no-such-verb", "no-such-verb")]
    [InlineData("receive", "argument")]
    [InlineData("receive nonsense", "scheme")]
    [InlineData("receive gopher://x", "unknown scheme 'gopher'")]
    [InlineData("receive inproc://x", "inside one process")]
    [InlineData("receive unix://x?bogus=1", "unknown option 'bogus'")]
    [InlineData("receive unix://x --cuont 3", "'--cuont' is not an option")]
    [InlineData("receive unix://x --count 0", "--count")]
    [InlineData("receive unix://x --timeout 3", "'3' is not a duration")]
    [InlineData("certificate authority trial --days x", "--days takes a number of 1 or more, not 'x'")]
    [InlineData("certificate client trial alice --days 99999999999", "--days takes a number of 1 or more, not '99999999999'")]
    [InlineData("port --count 70000", "--count takes a number from 1 to 65535, not '70000'")]
    [InlineData("bench echo --clients 40000", "--clients takes a number from 1 to 32766, not '40000'")]
    [InlineData("certificate server trial localhost --days 36501", "--days takes 1 to 36500")]
    [InlineData("barrier ready --parties 1025", "parties ('1025') must be less than or equal to '1024'.")]
    [InlineData("receive unix://x --output table", "table")]
    [InlineData("send unix://x", "TEXT")]
    [InlineData("send unix://x text --file path", "not both")]
    [InlineData("send unix://x -text", "after --")]
    [InlineData("reply unix://x", "--echo")]
    [InlineData("subscribe unix://x a..b", "a..b")]
    [InlineData("publish unix://x a.* text", "wildcards")]
    public async Task An_invalid_command_line_exits_2_with_one_line(string line, string part)
    {
        var outcome = await _home.RunAsync(line.Split(' '));

        Assert.True(outcome is { ExitCode: 2, Output: "" }, outcome.ToString());
        Assert.StartsWith("fairlead: ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains(part, Assert.Single(outcome.Error.Trim().Split('\n')), StringComparison.Ordinal);

        // A parameter of the library means nothing in a shell.
        Assert.DoesNotContain("(Parameter", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_has_help_with_examples(string verb)
    {
        var outcome = await _home.RunAsync([.. verb.Split(' '), "--help"]);

        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        var examples = outcome.Output[outcome.Output.IndexOf("Examples:\n", StringComparison.Ordinal)..];
        Assert.Contains($"fairlead {verb}", examples, StringComparison.Ordinal);
        Assert.DoesNotContain(
            outcome.Lines,
            line =>
                line.Length > 120
                && !line.Contains("--", StringComparison.Ordinal)
                && line.StartsWith("  fairlead", StringComparison.Ordinal));
    }

    [NeedsProgramFact("script")]
    public async Task Help_is_shown_on_a_terminal_of_any_width()
    {
        foreach (var width in new[] { 0, 1, 2, 80 })
        {
            var tool = string.Join(' ', ToolHome.Tool);
            var outcome = await _home.StartShell($"script -qec 'stty cols {width}; {tool} list --help' /dev/null").EndAsync();

            Assert.True(outcome.ExitCode == 0, outcome.ToString());
            Assert.Contains("Examples:", outcome.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_overview_has_the_same_words_in_any_width()
    {
        var narrow = Overview(62);
        var wide = Overview(int.MaxValue);

        Assert.DoesNotContain(narrow.Split('\n'), static line => line.Length > 62);
        Assert.Contains(wide.Split('\n'), static line => line.Length > 62);
        Assert.Equal(Words(wide), Words(narrow));

        static string Overview(int width)
        {
            using StringWriter output = new();
            Cli.Commands.Overview.Write((FairleadCommand)FairleadCommand.Create(), output, width);
            return output.ToString();
        }

        static string[] Words(string text) => text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    [Theory]
    [InlineData("", "send <ADDRESS> [<TEXT>] ")]
    [InlineData("", "lab [<EXPERIMENT>] ")]
    [InlineData("send", "  <ADDRESS> ")]
    [InlineData("signal", "  <PID> ")]
    [InlineData("signal", "  <SIGNAL> ")]
    [InlineData("serve", "  <SERVICE ADDRESS> ")]
    public async Task Help_shows_argument_names_instead_of_their_possible_values(string verb, string name)
    {
        await _home.ServeAsync("receive", "unix://inbox");

        var outcome = await _home.RunAsync([.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Contains(name, outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bare_tool_shows_its_help_on_stderr()
    {
        var outcome = await _home.RunAsync();

        Assert.True(outcome is { ExitCode: 2, Output: "" }, outcome.ToString());
        Assert.Contains("tour", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("tour-worker", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_may_begin_with_a_dash_or_an_at_sign()
    {
        var (receiver, address) = await _home.ServeAsync("receive", "unix://inbox", "--count", "2");
        await _home.RunAsync("send", address, "--", "-5");
        await _home.RunAsync("send", address, "@home");

        Assert.Equal("-5\n@home\n", (await receiver.EndAsync()).Output);
    }

    [Fact]
    public async Task Receive_exits_124_if_no_message_arrives_in_time()
    {
        var outcome = await _home.RunAsync("receive", "unix://inbox", "--timeout", "100ms");

        Assert.True(outcome is { ExitCode: 124, Output: "" }, outcome.ToString());
    }

    [Fact]
    public async Task A_missing_file_exits_3()
    {
        Assert.Equal(3, (await _home.RunAsync("send", "unix://inbox", "--file", "nowhere")).ExitCode);
    }

    private static IEnumerable<string> Below(Command command, string path) => command.Subcommands
        .Where(static verb => !verb.Hidden)
        .SelectMany(verb => Below(verb, $"{path}{verb.Name} ").Prepend(path + verb.Name));
}
