using System.Xml.Linq;

namespace Fairlead.NamedHandles.Tests.Generator;

/// <summary>The files of the package that a project imports.</summary>
internal static class BuildFiles
{
    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The aliases that the props add, by name and type.</summary>
    public static (string Name, string Type)[] Aliases { get; } =
    [
        .. XDocument
            .Load(PathOf("props"))
            .Descendants("Using")
            .Select(static item => (item.Attribute("Alias")!.Value, item.Attribute("Include")!.Value)),
    ];

    /// <summary>The aliases as the SDK writes them for the compiler.</summary>
    public static string GlobalUsings { get; } =
        string.Concat(Aliases.Select(static alias => $"global using {alias.Name} = global::{alias.Type};\n"));

    /// <summary>Returns the path of the props or the targets.</summary>
    public static string PathOf(string kind) => Path.Combine(Root, $"src/Fairlead.NamedHandles/build/Fairlead.NamedHandles.{kind}");

    /// <summary>Returns the address of the page of a diagnostic.</summary>
    public static string HelpOf(string id) =>
        $"{XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("FairleadUrl").Single().Value}/blob/main/{Page(id)}";

    /// <summary>Returns the text of the page of a diagnostic.</summary>
    public static string PageOf(string id) => File.ReadAllText(Path.Combine(Root, Page(id)));

    private static string Page(string id) => $"docs/diagnostics/{id}.md";

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder!, "Fairlead.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder!;
    }
}
