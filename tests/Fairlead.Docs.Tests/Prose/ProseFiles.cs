namespace Fairlead.Docs.Tests.Prose;

/// <summary>The files whose prose is checked. The tree is walked rather than asked of git, because an archive has no git.</summary>
internal static class ProseFiles
{
    private static readonly string[] Top = ["src", "docs", "samples", "bench", "tests"];

    /// <summary>These quote the sentences that the rules find.</summary>
    private static readonly string[] Quoting =
        ["tests/Fairlead.Docs.Tests/ProseTests.cs", "tests/Fairlead.Docs.Tests/Prose/ProseLint.cs"];

    private static readonly string[] Built = ["artifacts", "bin", "obj", "TestResults"];

    /// <summary>Returns the paths, relative to the root, of every C# file and Markdown page of the repository.</summary>
    public static IEnumerable<string> All =>
        Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Top.Select(static folder => Path.Combine(Repository.Root, folder)).Where(Directory.Exists).SelectMany(Below))
            .Select(static path => Path.GetRelativePath(Repository.Root, path))
            .Except(Quoting)
            .Order(StringComparer.Ordinal);

    /// <summary>Returns the files that are one of these paths or lie below one of them.</summary>
    public static IEnumerable<string> Under(IReadOnlyCollection<string> prefixes) =>
        All.Where(path => prefixes.Any(prefix =>
            path == prefix || path.StartsWith(prefix.TrimEnd('/') + '/', StringComparison.Ordinal)));

    private static IEnumerable<string> Below(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            if (Path.GetExtension(file) is ".cs" or ".md")
            {
                yield return file;
            }
        }

        foreach (string inner in Directory.EnumerateDirectories(folder))
        {
            if (!Built.Contains(Path.GetFileName(inner)))
            {
                foreach (string file in Below(inner))
                {
                    yield return file;
                }
            }
        }
    }
}
