using System.Text;
using Fairlead.Processes;

namespace Fairlead.Tests.Processes;

/// <summary>Children that are small shell scripts, and their output.</summary>
internal static class Script
{
    /// <summary>Starts a script whose output comes here.</summary>
    public static ChildProcess Start(string script, ChildProcessOptions? options = null, params string[] arguments) =>
        ChildProcess.Start("sh", ["-c", script, "script", .. arguments], (options ?? new()) with { StandardOutput = Redirection.Pipe });

    /// <summary>Runs a script that must exit with 0; returns its output without the final newline.</summary>
    public static async Task<string> RunAsync(string script, ChildProcessOptions? options = null, params string[] arguments)
    {
        await using ChildProcess child = Start(script, options, arguments);
        string output = await ReadAsync(child.StandardOutput);
        Assert.Equal(new ChildExit.Exited(0), await child.ExitAsync());
        return output;
    }

    /// <summary>Returns all bytes as text, without the final newline.</summary>
    public static async Task<string> ReadAsync(Stream stream)
    {
        using StreamReader reader = new(stream, Encoding.UTF8);
        return (await reader.ReadToEndAsync()).TrimEnd('\n');
    }
}
