namespace Fairlead.Tests;

/// <summary>A test that needs a program of the system; skipped, with its name, where it is not installed.</summary>
internal sealed class ToolFactAttribute : FactAttribute
{
    public ToolFactAttribute(string tool) => Skip = WhyNot(tool)!;

    /// <summary>Null where it is installed.</summary>
    public static string? WhyNot(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool)))
            ? null
            : $"{tool} is not installed.";
}
