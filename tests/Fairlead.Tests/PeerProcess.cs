using System.Diagnostics;

namespace Fairlead.Tests;

/// <summary>A running Fairlead.TestPeer. Disposing it kills what is left of it.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);

    private readonly Process _process;

    private PeerProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts a verb of the test peer.</summary>
    public static PeerProcess Start(params string[] arguments) => Start(null, arguments);

    /// <summary>The same with changes to the environment; null removes a variable.</summary>
    public static PeerProcess Start(IReadOnlyDictionary<string, string?>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(DotnetPath(), ["exec", Path.Combine(AppContext.BaseDirectory, "Fairlead.TestPeer.dll"), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new PeerProcess(Process.Start(start)!);
    }

    /// <summary>The next line it writes; when there is none, its errors are in the exception.</summary>
    public async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(Watchdog)
            ?? throw new InvalidOperationException($"The peer ended: {await _process.StandardError.ReadToEndAsync()}");

    /// <summary>Ends its input and waits for it.</summary>
    public async Task<int> FinishAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, without waiting for what it does.</summary>
    public void KillAndGoOn() => _process.Kill();

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    // The test host itself runs under dotnet, except where it has an executable of its own.
    private static string DotnetPath() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
}
