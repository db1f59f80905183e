using System.Text.RegularExpressions;

namespace Fairlead.Tests;

/// <summary>One folder of a project's sources, read as text: which types it declares and which it names.</summary>
internal sealed partial class SourceFolder
{
    private SourceFolder(string path, Dictionary<string, string> files)
    {
        Path = path;
        Files = files;
        Types = files.Values.SelectMany(text => Declaration().Matches(text).Select(match => match.Groups["name"].Value)).ToHashSet();
    }

    /// <summary>The path below the project, with slashes; empty for its root.</summary>
    public string Path { get; }

    /// <summary>Texts by file name, without comments and the contents of strings.</summary>
    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>The names of the types that it declares, without nested ones.</summary>
    public IReadOnlySet<string> Types { get; }

    public static IReadOnlyList<SourceFolder> Of(string project)
    {
        var root = SourceTree.At(project);
        return [.. Directory.GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .GroupBy(file => System.IO.Path.GetRelativePath(root, System.IO.Path.GetDirectoryName(file)!))
            .Where(folder => folder.Key != "obj" && !folder.Key.StartsWith("obj/", StringComparison.Ordinal))
            .Select(folder => new SourceFolder(
                folder.Key == "." ? "" : folder.Key,
                folder.ToDictionary(file => System.IO.Path.GetFileName(file), file => Strip(File.ReadAllText(file)))))];
    }

    /// <summary>
    /// The names of types of another folder that a file of this one mentions. A member of the file with such a name does not count, nor
    /// does a name after a dot.
    /// </summary>
    public IEnumerable<string> Mentions(string file, SourceFolder other)
    {
        string text = Files[file];
        return Word().Matches(text).Select(match => match.Value).Distinct()
            .Where(name => other.Types.Contains(name) && !Types.Contains(name) && !IsMember(text, name));
    }

    public static string NamespaceOf(string text) => Namespace().Match(text).Groups["name"].Value;

    private static bool IsMember(string text, string name) =>
        Regex.IsMatch(
            text,
            $@"^\s+(?!.*\bnew {name}\b)(?:[\w<>?\[\], ]+\s|[\w ]+\([\w<>?\[\], ]+\) )?{name}(?:<.*>)?"
                + $@"(?:\s*=\s*\w+)?\s*(?:,|\{{|=>|\(|$)",
            RegexOptions.Multiline);

    private static string Strip(string text) => Text().Replace(Comment().Replace(text, ""), "\"\"");

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\$?""(?:\\.|[^""\\\n])*""")]
    private static partial Regex Text();

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(
        @"^(?:(?:public|internal|abstract|sealed|static|readonly|ref|unsafe|partial) )*"
            + @"(?:class|struct|interface|enum|record struct|record class|record) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
