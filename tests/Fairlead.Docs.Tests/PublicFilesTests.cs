using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Fairlead.Docs.Tests;

/// <summary>Checks the files that the hosting site reads, and the pages of the packages.</summary>
public sealed partial class PublicFilesTests
{
    private static string Url =>
        XDocument.Parse(Repository.Read("Directory.Build.props")).Descendants("FairleadUrl").Single().Value;

    [Fact]
    public void The_workflow_runs_the_commands_that_the_first_page_shows()
    {
        string section = Repository.Read("README.md").Split("\n## For contributors\n")[1].Split("\n## ")[0];
        string[] commands = [.. Block().Matches(section).Select(static match => match.Groups["command"].Value)];
        string workflow = Repository.Read(".github/workflows/test.yml");

        Assert.Equal(2, commands.Length);
        Assert.All(commands, command => Assert.Contains($"run: {command}\n", workflow, StringComparison.Ordinal));
    }

    [Fact]
    public void Each_address_of_the_repository_matches_the_packages()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(Repository.Root, ".github"), "*", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs/package")));
        string[] addresses =
            [.. files.SelectMany(static file => OfRepository().Matches(File.ReadAllText(file))).Select(static match => match.Value)];

        Assert.NotEmpty(addresses);
        Assert.All(addresses, address => Assert.Equal(Url, address));
    }

    /// <summary>A package gallery shows the page without the repository around it.</summary>
    [Theory]
    [InlineData("Fairlead")]
    [InlineData("Fairlead.Rpc")]
    [InlineData("Fairlead.RabbitMQ")]
    [InlineData("Fairlead.NamedHandles")]
    [InlineData("Fairlead.Cli")]
    public void The_page_of_a_package_has_absolute_links_only(string package)
    {
        string page = Repository.Read($"docs/package/{package}.md");

        Assert.StartsWith($"# {package}\n", page, StringComparison.Ordinal);
        Assert.All(
            Link().Matches(page), static link => Assert.StartsWith("https://", link.Groups["target"].Value, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"```\n(?<command>[^\n]+)\n```")]
    private static partial Regex Block();

    [GeneratedRegex(@"https://github\.com/[^/\s]+/fairlead\b")]
    private static partial Regex OfRepository();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
