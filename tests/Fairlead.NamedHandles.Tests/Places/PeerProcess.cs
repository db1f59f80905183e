using System.Diagnostics;
using Fairlead.Processes;

namespace Fairlead.NamedHandles.Tests.Places;

/// <summary>A second process, in a role or as one of the programs. Killed when disposed, if it still runs.</summary>
internal sealed class PeerProcess : IDisposable
{
    private const string Program = "Fairlead.NamedHandles.Peer.dll";
    private const string RuntimePlace = "XDG_RUNTIME_DIR";

    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task<string> _errors;
    private string? _directory;

    private PeerProcess(ProcessStartInfo command)
    {
        command.RedirectStandardInput = true;
        command.RedirectStandardOutput = true;
        command.RedirectStandardError = true;
        _process = Process.Start(command)!;
        _errors = _process.StandardError.ReadToEndAsync();
    }

    // Another installation of .NET, and the program as it was compiled ahead of time.
    private static Func<string[], ProcessStartInfo>[] Others { get; } =
    [
        .. Environment.GetEnvironmentVariable("FAIRLEAD_OTHER_DOTNET") is { Length: > 0 } dotnet
            ? [arguments => On(dotnet, arguments)]
            : (Func<string[], ProcessStartInfo>[])[],
        .. Environment.GetEnvironmentVariable("FAIRLEAD_COMPILED_HANDLES") is { Length: > 0 } image
            ? [arguments => new ProcessStartInfo(image, arguments)]
            : (Func<string[], ProcessStartInfo>[])[],
    ];

    public int Id => _process.Id;

    /// <summary>The folder with the program, and with nothing else.</summary>
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory,
        "..",
        "..",
        "Fairlead.NamedHandles.Peer",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))));

    // The runtime of the tests, whichever it is.
    private static string Dotnet { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    public static PeerProcess Start(params string[] arguments) => new(Command(Program, arguments));

    /// <summary>How many runtimes there are for it.</summary>
    public static int Runtimes => Others.Length + 1;

    /// <summary>Starts it on one of the runtimes.</summary>
    /// <param name="number">Which: 0 is that of the tests. From <see cref="Runtimes"/> on they begin again.</param>
    /// <param name="arguments">Its arguments.</param>
    public static PeerProcess StartOn(int number, params string[] arguments) =>
        (number % Runtimes) is var runtime and > 0 ? new(Others[runtime - 1](arguments)) : Start(arguments);

    /// <summary>Starts it with a runtime directory of its own.</summary>
    public static PeerProcess StartIn(string runtime, params string[] arguments)
    {
        ProcessStartInfo command = Command(Program, arguments);
        command.Environment[RuntimePlace] = runtime;
        return new(command);
    }

    /// <summary>The same, and waits for its first line.</summary>
    public static async Task<PeerProcess> StartInAsync(string runtime, string firstLine, params string[] arguments)
    {
        PeerProcess peer = StartIn(runtime, arguments);
        await peer.SaysAsync(firstLine);
        return peer;
    }

    /// <summary>Starts it as another user.</summary>
    /// <param name="user">The number of the user.</param>
    /// <param name="place">A directory with the program in <c>bin</c>, and the user's runtime directory in <c>run</c>. Removed at the
    /// end.</param>
    /// <param name="arguments">Its arguments.</param>
    public static PeerProcess StartAs(string user, string place, params string[] arguments)
    {
        ProcessStartInfo command = new(
            "setpriv",
            [$"--reuid={user}", $"--regid={user}", "--clear-groups", "dotnet", "exec", $"{place}/bin/{Program}", .. arguments])
        {
            WorkingDirectory = place,
        };
        command.Environment[RuntimePlace] = $"{place}/run";
        return new(command) { _directory = place };
    }

    /// <summary>Starts the same program with the platform's types.</summary>
    public static PeerProcess StartWithPlatform(params string[] arguments) =>
        new(Command("Fairlead.NamedHandles.PlatformPeer.dll", arguments));

    /// <summary>Starts it, and waits for its first line.</summary>
    public static async Task<PeerProcess> StartAsync(string firstLine, params string[] arguments)
    {
        PeerProcess peer = Start(arguments);
        await peer.SaysAsync(firstLine);
        return peer;
    }

    /// <summary>Writes lines to its input.</summary>
    public async Task TellAsync(params string[] lines)
    {
        foreach (string line in lines)
        {
            await _process.StandardInput.WriteLineAsync(line);
        }
    }

    /// <summary>Lets it go on: it waits for any line.</summary>
    public void GoOn() => _process.StandardInput.WriteLine();

    /// <summary>Returns the next line of its output.</summary>
    public async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Watchdog)
            ?? throw new InvalidOperationException($"The program ended: {await _errors}");

    /// <summary>Checks that the next lines of its output are these.</summary>
    public async Task SaysAsync(params string[] lines)
    {
        foreach (string line in lines)
        {
            Assert.Equal(line, await LineAsync());
        }
    }

    /// <summary>Ends its input, and waits for its end, which is a good one.</summary>
    /// <returns>The rest of its output.</returns>
    public async Task<string[]> EndAsync()
    {
        _process.StandardInput.Close();
        string[] rest = await RestAsync();
        Assert.Equal((0, ""), (_process.ExitCode, await _errors));
        return rest;
    }

    /// <summary>Kills it with signal 9, and waits until it is gone.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <inheritdoc cref="Kill"/>
    /// <returns>The rest of its output.</returns>
    public Task<string[]> KillAsync()
    {
        _process.Kill();
        return RestAsync();
    }

    /// <summary>Stops it until <see cref="Continue"/>.</summary>
    public void Stop() => Signals.Send(Id, Signal.Stop);

    /// <summary>Lets it go on after <see cref="Stop"/>.</summary>
    public void Continue() => Signals.Send(Id, Signal.Continue);

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

    private static ProcessStartInfo On(string dotnet, string[] arguments)
    {
        ProcessStartInfo command = new(dotnet, ["exec", Path.Combine(AppContext.BaseDirectory, Program), .. arguments]);
        command.Environment["DOTNET_ROOT"] = Path.GetDirectoryName(dotnet);
        command.Environment["DOTNET_ROLL_FORWARD"] = "LatestMajor";
        return command;
    }

    private static ProcessStartInfo Command(string program, string[] arguments) =>
        new(Dotnet, ["exec", Path.Combine(AppContext.BaseDirectory, program), .. arguments]);

    private async Task<string[]> RestAsync()
    {
        string output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Watchdog);
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
