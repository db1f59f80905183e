using System.Diagnostics;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>A second process in one of its roles. Killed when disposed, if it still runs.</summary>
internal sealed class PeerProcess : IDisposable
{
    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private string? _directory;

    private PeerProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    /// <summary>The folder with the program.</summary>
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory,
        "..",
        "..",
        "Fairlead.NamedHandles.Peer",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))));

    private static string Program => $"{Folder}/Fairlead.NamedHandles.Peer.dll";

    public static PeerProcess Start(params string[] arguments) =>
        new(Process.Start(Command("dotnet", ["exec", Program, .. arguments]))!);

    /// <summary>Starts it as another user.</summary>
    /// <param name="user">The number of the user.</param>
    /// <param name="place">A directory with the program in <c>bin</c>, and the user's runtime directory in <c>run</c>. Removed at the
    /// end.</param>
    /// <param name="arguments">Its arguments.</param>
    public static PeerProcess StartAs(string user, string place, params string[] arguments)
    {
        string program = $"{place}/bin/{Path.GetFileName(Program)}";
        ProcessStartInfo command = Command(
            "setpriv", [$"--reuid={user}", $"--regid={user}", "--clear-groups", "dotnet", "exec", program, .. arguments]);
        command.Environment["XDG_RUNTIME_DIR"] = $"{place}/run";
        command.WorkingDirectory = place;
        return new PeerProcess(Process.Start(command)!) { _directory = place };
    }

    /// <summary>Starts it, and waits for its first line.</summary>
    public static async Task<PeerProcess> StartAsync(string firstLine, params string[] arguments)
    {
        PeerProcess peer = Start(arguments);
        await peer.SaysAsync(firstLine);
        return peer;
    }

    /// <summary>Writes a line to its stdin.</summary>
    public Task TellAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    /// <summary>Returns its next line.</summary>
    public async Task<string?> LineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Watchdog);

    /// <summary>Checks its next line.</summary>
    public async Task SaysAsync(string line)
    {
        string? said = await LineAsync();
        Assert.True(line == said, $"It said '{said}' and not '{line}'. {(said is null ? await _errors : "")}");
    }

    /// <summary>Ends its stdin, and waits for its end.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
        Assert.Equal((0, ""), (_process.ExitCode, await _errors));
    }

    /// <summary>Kills it, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
        if (_directory is not null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static ProcessStartInfo Command(string program, string[] arguments) => new(program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
