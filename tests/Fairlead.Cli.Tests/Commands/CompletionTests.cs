using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

public sealed class CompletionTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("fairlead sen", "send")]
    [InlineData("fairlead send --del", "--deliver")]
    [InlineData("fairlead receive --output j", "json")]
    [InlineData("fairlead tour --transport unixp", "unixpacket")]
    public async Task Bash_offers_verbs_options_and_values(string line, string expected) =>
        Assert.Equal(expected, await CompleteAsync(line));

    [Fact]
    public async Task Bash_offers_the_addresses_that_fit_the_verb()
    {
        await _home.ServeAsync("receive", "unix://inbox");
        await _home.ServeAsync("reply", "unix://calc", "--echo");
        await _home.ServeAsync("receive", $"unix://{_home.Work}/lines?framing=line");

        Assert.Equal("//calc", await CompleteAsync("fairlead request unix:"));
        Assert.Equal("//inbox", await CompleteAsync("fairlead send unix://i"));

        // Words that the shell would split are quoted.
        Assert.Equal($"//{_home.Work}/lines\\?framing=line", await CompleteAsync("fairlead send unix:///"));
    }

    [Fact]
    public async Task Completion_offers_the_verbs_if_no_word_is_given()
    {
        var offered = await _home.RunAsync("complete-words");
        Assert.Equal((0, ""), (offered.ExitCode, offered.Error));
        Assert.Contains("send\n", offered.Output, StringComparison.Ordinal);
    }

    /// <summary>eng/test-tool-package.sh completes lines in these shells.</summary>
    [Theory]
    [InlineData("zsh", "#compdef fairlead")]
    [InlineData("fish", "# Completion of fairlead for fish")]
    public async Task Completion_prints_a_script_for_zsh_and_fish(string shell, string beginning)
    {
        var script = await _home.RunAsync("completion", shell);

        Assert.True(script.ExitCode == 0, script.ToString());
        Assert.StartsWith(beginning, script.Output, StringComparison.Ordinal);
    }

    private async Task<string> CompleteAsync(string line)
    {
        var shell = _home.StartShell(
            $"source <(fairlead completion bash); COMP_LINE='{line}' COMP_POINT={line.Length}; _fairlead; echo \"${{COMPREPLY[*]}}\"");
        var outcome = await shell.EndAsync();
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        return outcome.Output.Trim();
    }
}
