using System.Diagnostics;

namespace Fairlead.NamedHandles.Tests.Places;

/// <summary>A running Fairlead.NamedHandles.Peer. Disposing kills it if it still runs.</summary>
internal sealed class PeerProgram : IDisposable
{
    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(2);

    private readonly Process _process;

    private PeerProgram(Process process) => _process = process;

    public int Id => _process.Id;

    public static PeerProgram Start(params string[] arguments) => StartIn(null, arguments);

    /// <summary>Starts it with a runtime directory of its own.</summary>
    public static PeerProgram StartIn(string? runtime, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (runtime is not null)
        {
            start.Environment["XDG_RUNTIME_DIR"] = runtime;
        }

        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Fairlead.NamedHandles.Peer.dll"));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new(Process.Start(start)!);
    }

    /// <summary>Starts it and waits until it reports a line.</summary>
    public static async Task<PeerProgram> StartUntilAsync(string line, params string[] arguments)
    {
        PeerProgram peer = Start(arguments);
        await peer.ExpectAsync(line);
        return peer;
    }

    public async Task<string?> ReadAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Watchdog);

    public async Task ExpectAsync(string line) => Assert.Equal(line, await ReadAsync());

    /// <summary>Lets it go on.</summary>
    public void Continue()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
    }

    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
        Assert.Equal(0, _process.ExitCode);
    }

    /// <summary>Kills it by SIGKILL, and waits for its end.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
    }

    /// <summary>Stops it by SIGSTOP. Only killing ends it.</summary>
    public void Stop()
    {
        using Process kill = Process.Start("kill", ["-STOP", $"{Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
