using System.Diagnostics;

namespace Fairlead.NamedHandles.Tests.Build;

/// <summary>Builds projects of a test, all by one process.</summary>
internal static class MsBuild
{
    /// <summary>Writes a project with this content, and builds it.</summary>
    /// <returns>The exit code, and what was printed.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(DirectoryInfo place, string content)
    {
        string project = Path.Combine(place.FullName, "all.proj");
        await File.WriteAllTextAsync(project, content);
        ProcessStartInfo start = new("dotnet", ["msbuild", project, "-nodeReuse:false", "-nologo", "-verbosity:minimal"])
        {
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
