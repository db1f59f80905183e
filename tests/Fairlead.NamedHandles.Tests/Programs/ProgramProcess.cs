using System.Diagnostics;
using Fairlead.Processes;

namespace Fairlead.NamedHandles.Tests.Programs;

/// <summary>A running program of the ten. Killed when disposed, if it still runs.</summary>
internal sealed class ProgramProcess : IDisposable
{
    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private ProgramProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts a program with Fairlead's types.</summary>
    public static ProgramProcess Start(params string[] arguments) => Start("Fairlead.NamedHandles.Peer.dll", arguments);

    /// <summary>Starts the same program with the platform's types.</summary>
    public static ProgramProcess StartWithPlatform(params string[] arguments) =>
        Start("Fairlead.NamedHandles.PlatformPeer.dll", arguments);

    /// <summary>Starts a program, and waits for its first line.</summary>
    public static async Task<ProgramProcess> StartAsync(string firstLine, params string[] arguments)
    {
        ProgramProcess program = Start(arguments);
        await program.SaysAsync(firstLine);
        return program;
    }

    /// <summary>Checks that the next lines of its output are these.</summary>
    public async Task SaysAsync(params string[] lines)
    {
        foreach (string line in lines)
        {
            Assert.Equal(line, await LineAsync());
        }
    }

    /// <summary>Returns the next line of its output.</summary>
    public async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Watchdog)
            ?? throw new InvalidOperationException($"The program ended: {await _errors}");

    /// <summary>Writes lines to its input.</summary>
    public async Task TellAsync(params string[] lines)
    {
        foreach (string line in lines)
        {
            await _process.StandardInput.WriteLineAsync(line);
        }
    }

    /// <summary>Ends its input, and waits for its end.</summary>
    /// <returns>The rest of its output.</returns>
    public async Task<string[]> EndAsync()
    {
        _process.StandardInput.Close();
        string output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Watchdog);
        await _process.WaitForExitAsync();
        Assert.Equal((0, ""), (_process.ExitCode, await _errors));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Kills it with signal 9, and waits until it is gone.</summary>
    /// <returns>The rest of its output.</returns>
    public async Task<string[]> KillAsync()
    {
        _process.Kill();
        string output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Watchdog);
        await _process.WaitForExitAsync();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Stops it until <see cref="Continue"/>.</summary>
    public void Stop() => Signals.Send(_process.Id, Signal.Stop);

    /// <summary>Lets it go on.</summary>
    public void Continue() => Signals.Send(_process.Id, Signal.Continue);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    // On the runtime of the tests, whichever it is.
    private static string DotnetPath() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    private static ProgramProcess Start(string assembly, string[] arguments) => new(Process.Start(
        new ProcessStartInfo(DotnetPath(), ["exec", Path.Combine(AppContext.BaseDirectory, assembly), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
}
