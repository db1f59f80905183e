using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

/// <summary>A test that needs a program of the system; skipped, with the program's name, if it is not installed.</summary>
internal sealed class ToolFactAttribute : FactAttribute
{
    public ToolFactAttribute(string tool, [CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = WhyNot(tool);

    /// <summary>Returns null if the tool is installed, otherwise the reason to skip.</summary>
    public static string? WhyNot(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool)))
            ? null
            : $"{tool} is not installed.";
}
