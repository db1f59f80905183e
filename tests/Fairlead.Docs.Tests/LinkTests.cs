using System.Text.RegularExpressions;

namespace Fairlead.Docs.Tests;

/// <summary>Checks that the targets of links exist.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> Pages => [.. Repository.Pages];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_into_the_repository_has_a_target(string page)
    {
        foreach (Match link in Link().Matches(Repository.Read(page)))
        {
            string target = link.Groups["target"].Value;
            if (InRepository().Match(target) is { Success: true } absolute)
            {
                string inside = absolute.Groups["path"].Value;
                Assert.True(
                    Path.Exists(Path.Combine(Repository.Root, inside)),
                    $"{page} points at {target}, which the repository does not have");
                continue;
            }

            if (target.Contains("://") || target.StartsWith("mailto:", StringComparison.Ordinal))
            {
                continue;
            }

            string[] parts = target.Split('#', 2);
            string file = parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]);
            string path = Path.Combine(Repository.Root, file);
            Assert.True(File.Exists(path) || Directory.Exists(path), $"{page} points at {target}, which is not there");
            if (parts.Length == 2)
            {
                Assert.True(Anchors(File.ReadAllText(path)).Contains(parts[1]), $"{page} points at {target}, and there is no such heading");
            }
        }
    }

    /// <summary>The pages of the lab have an index of their own, which the first one names.</summary>
    [Theory]
    [InlineData("docs", "docs/lab/")]
    [InlineData("docs/lab", "")]
    public void An_index_names_every_page(string folder, string others)
    {
        string index = Repository.Read($"{folder}/README.md");
        foreach (string page in Repository.Pages.Where(page =>
            page.StartsWith($"{folder}/", StringComparison.Ordinal)
            && page != $"{folder}/README.md"
            && (others.Length == 0 || !page.StartsWith(others, StringComparison.Ordinal) || page == $"{others}README.md")))
        {
            Assert.Contains($"({Path.GetRelativePath(folder, page)})", index, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Headings as links name them: lower case, hyphens for spaces, nothing but letters, digits, hyphens and underscores.
    /// </summary>
    private static HashSet<string> Anchors(string page) =>
        [
            .. page.Split('\n')
                .Where(static line => line.StartsWith('#'))
                .Select(static line => NotInAnchors().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-')),
        ];

    [GeneratedRegex(@"\[[^\]\n]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^https://github\.com/fairlead/fairlead/(blob|tree)/main/(?<path>[^#]+)")]
    private static partial Regex InRepository();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();
}
