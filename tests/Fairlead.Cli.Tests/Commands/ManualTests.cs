using System.Text.RegularExpressions;
using Fairlead.Cli.Tests.Running;

namespace Fairlead.Cli.Tests.Commands;

/// <summary>The manual pages are generated from the same commands as the help.</summary>
[FullRun(Reason.Variants)]
public sealed partial class ManualTests : IDisposable
{
    private readonly ToolHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Every_command_has_a_page_with_every_option()
    {
        var pages = await PagesAsync();
        var help = await _home.RunAsync("--help");
        var names = Command().Matches(help.Output.Split("\nOptions:")[0]).Select(static match => match.Groups["name"].Value).ToArray();

        Assert.Contains("lock", names);
        Assert.Equal(names.Select(static name => $"fairlead-{name}.1").Append("fairlead.1").Order(), pages.Keys.Order());
        var helpOfLock = await _home.RunAsync("lock", "--help");
        var options = Option().Matches(helpOfLock.Output)
            .Select(static match => match.Groups["name"].Value.Replace("-", "\\-", StringComparison.Ordinal));
        Assert.All(options, option => Assert.Contains(option, pages["fairlead-lock.1"], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_has_the_sections_of_a_manual_the_date_and_the_subcommands()
    {
        var page = (await PagesAsync())["fairlead-work.1"];

        Assert.StartsWith(".TH FAIRLEAD-WORK 1 2026-11-29 \"Fairlead ", page, StringComparison.Ordinal);
        Assert.All(
            ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "WORK PUSH", "EXAMPLES", "EXIT STATUS", "SEE ALSO"],
            section => Assert.Contains($"\n.SH \"{section}\"\n", page, StringComparison.Ordinal));
    }

    /// <summary>A line that begins with a point or an apostrophe would be an instruction.</summary>
    [Fact]
    public async Task Text_is_escaped_for_roff()
    {
        var pages = await PagesAsync();

        Assert.All(pages.Values, static page => Assert.DoesNotMatch(@"(?m)^('|\.(?!(TH|SH|SS|PP|TP|B|BR|br|RS|RE|EX|EE)( |$)))", page));
        Assert.All(pages.Values, static page => Assert.All(page, static character => Assert.InRange(character, '\n', '~')));
        Assert.Contains("[ \\-z \"$FAIRLEAD_OWNER_DIED\" ] || make clean; make\\(aq", pages["fairlead-lock.1"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pages_have_the_exit_codes_of_the_reference()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "docs/tool.md")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        var table = File.ReadAllText(Path.Combine(root, "docs/tool.md")).Split("## Exit codes")[1].Split("\n## ")[0];
        var cells = table.Split('\n').Where(static line => line.StartsWith('|')).Select(static line => line.Split('|')[1]);
        var codes = Number().Matches(string.Join('\n', cells));
        var page = (await PagesAsync())["fairlead.1"].Split(".SH \"EXIT STATUS\"")[1];

        Assert.NotEmpty(codes);
        Assert.All(codes, code => Assert.Matches($@"(?m)^\.B "".*\b{code.Value}\b.*""$", page));
    }

    private async Task<Dictionary<string, string>> PagesAsync()
    {
        var outcome = await _home.RunAsync("manual-pages", "man", "2026-11-29");
        Assert.True(outcome is { ExitCode: 0, Error: "" }, outcome.ToString());
        var files = Directory.EnumerateFiles(Path.Combine(_home.Work, "man"));
        return files.ToDictionary(static path => Path.GetFileName(path), File.ReadAllText);
    }

    [GeneratedRegex(@"(?m)^  (?!fairlead\b)(?<name>[a-z]+)\b")]
    private static partial Regex Command();

    [GeneratedRegex(@"(?m)^  (?:-\w, )?(?<name>--[a-z-]+)")]
    private static partial Regex Option();

    [GeneratedRegex(@"\d+")]
    private static partial Regex Number();
}
