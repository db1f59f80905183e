namespace Fairlead.Tests;

/// <summary>A test with a program of somebody else, which is skipped where that is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ToolFactAttribute : FactAttribute
{
    public ToolFactAttribute(string tool)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, tool))))
        {
            Skip = $"{tool} is not installed.";
        }
    }
}
