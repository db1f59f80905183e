using System.Diagnostics;

namespace Fairlead.Cli.Tests.Running;

/// <summary>
/// A runtime directory and a working directory of a test's own, in which it runs the tool. Programs that still run at the end are killed.
/// </summary>
internal sealed class ToolHome : IDisposable
{
    private readonly List<ToolProcess> _processes = [];

    // A short path: the address of a Unix socket holds 107 bytes.
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("fl-");

    public ToolHome()
    {
        Runtime = Directory
            .CreateDirectory(Path.Combine(_root.FullName, "run"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)
            .FullName;
        Work = Directory.CreateDirectory(Path.Combine(_root.FullName, "work")).FullName;
    }

    /// <summary>The tool's XDG_RUNTIME_DIR.</summary>
    public string Runtime { get; }

    /// <summary>The tool's working directory.</summary>
    public string Work { get; }

    /// <summary>
    /// Which tool is tested: the one that FAIRLEAD_TOOL names (test.sh: one compiled ahead of time), else the assembly beside the tests.
    /// </summary>
    public static string[] Tool { get; } = Environment.GetEnvironmentVariable("FAIRLEAD_TOOL") is { Length: > 0 } tool ? [tool] : Assembly;

    /// <summary>The tool as an assembly under dotnet.</summary>
    public static string[] Assembly => ["dotnet", Path.Combine(AppContext.BaseDirectory, "Fairlead.Cli.dll")];

    /// <summary>Starts the tool.</summary>
    public ToolProcess Start(params string[] arguments) => StartProgram([.. Tool, .. arguments]);

    /// <summary>Starts a shell line in which <c>fairlead</c> is the tool.</summary>
    public ToolProcess StartShell(string line) =>
        StartProgram(["/bin/bash", "-c", $"fairlead() {{ {string.Join(' ', Tool.Select(static word => $"'{word}'"))} \"$@\"; }}\n{line}"]);

    /// <summary>Starts any program in this home.</summary>
    public ToolProcess StartProgram(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Work,
        };
        start.Environment["XDG_RUNTIME_DIR"] = Runtime;
        start.Environment["TMPDIR"] = Work;
        var process = new ToolProcess(Process.Start(start)!);
        _processes.Add(process);
        return process;
    }

    /// <summary>Runs the tool to its end, with nothing on its stdin.</summary>
    public Task<Outcome> RunAsync(params string[] arguments) => Start(arguments).EndAsync();

    /// <summary>Starts a server, and waits until it says that it listens.</summary>
    /// <returns>The process, and the address that it is bound to.</returns>
    public async Task<(ToolProcess Process, string Address)> ServeAsync(params string[] arguments)
    {
        var process = Start([.. arguments, "--verbose"]);
        var line = await process.ErrorLineAsync("listening on ");
        return (process, line["listening on ".Length..]);
    }

    /// <summary>Waits until a program has put a file into its working directory, in one piece: <c>mv</c>, or an empty one.</summary>
    public async Task<string> FileAsync(string name)
    {
        var path = Path.Combine(Work, name);
        using var watcher = new FileSystemWatcher(Work, name);
        var isThere = new TaskCompletionSource();
        watcher.Created += (_, _) => isThere.TrySetResult();
        watcher.Renamed += (_, _) => isThere.TrySetResult();
        watcher.EnableRaisingEvents = true;
        if (!File.Exists(path))
        {
            await isThere.Task.WaitAsync(TimeSpan.FromMinutes(3));
        }

        return await File.ReadAllTextAsync(path);
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Dispose();
        }

        _root.Delete(recursive: true);
    }
}
