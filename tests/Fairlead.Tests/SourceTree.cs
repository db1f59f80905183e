namespace Fairlead.Tests;

/// <summary>The sources that these tests were built from: all build output lies below their root.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    /// <summary>A path from the root.</summary>
    public static string At(string path) => Path.Combine(Root, path);

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Fairlead.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException($"no Fairlead.slnx above {AppContext.BaseDirectory}");
    }
}
