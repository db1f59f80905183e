using System.Diagnostics;
using Fairlead.Processes;

namespace Fairlead.Rpc.Tests.Processes;

/// <summary>A second process. Killed when disposed.</summary>
internal sealed class RpcPeer : IDisposable
{
    private readonly Process _process;
    private bool _isKilled;

    private RpcPeer(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>The program, for <c>dotnet exec</c>.</summary>
    public static string Program { get; } =
        Path.Combine(AppContext.BaseDirectory, "..", "..", "Fairlead.Rpc.Peer", "release", "Fairlead.Rpc.Peer.dll");

    public static RpcPeer Start(params string[] arguments) => new(Process.Start(Command(arguments))!);

    /// <summary>Starts it with what processor time others leave, as if it were on another machine.</summary>
    public static RpcPeer StartAside(params string[] arguments)
    {
        ProcessStartInfo start = Command(arguments);
        start.FileName = "chrt";
        start.ArgumentList.Insert(0, "dotnet");
        start.ArgumentList.Insert(0, "0");
        start.ArgumentList.Insert(0, "--idle");
        return new RpcPeer(Process.Start(start)!);
    }

    /// <summary>Starts it with a variable of its environment.</summary>
    public static RpcPeer StartWith(string name, string value, params string[] arguments)
    {
        ProcessStartInfo start = Command(arguments);
        start.Environment[name] = value;
        return new RpcPeer(Process.Start(start)!);
    }

    public static async Task<RpcPeer> ServeAsync(string service, string log)
    {
        RpcPeer peer = Start("serve", service, log);
        Assert.Equal("ready", await peer.LineAsync());
        return peer;
    }

    public async Task<string?> LineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1));

    /// <summary>Waits for its end.</summary>
    /// <param name="limit">How long to wait; null: two minutes.</param>
    /// <returns>The lines that it has written.</returns>
    public async Task<string[]> EndAsync(TimeSpan? limit = null)
    {
        Task<string> errors = _process.StandardError.ReadToEndAsync();
        string output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(limit ?? TimeSpan.FromMinutes(2));
        await _process.WaitForExitAsync();
        Assert.Equal((0, ""), (_process.ExitCode, await errors));
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Writes a line to its stdin.</summary>
    public Task SayAsync(string line) => _process.StandardInput.WriteLineAsync(line);

    /// <summary>Ends its stdin.</summary>
    public void EndInput() => _process.StandardInput.Close();

    public void Signal(Signal signal) => Signals.Send(_process.Id, signal);

    /// <summary>Returns the most memory that it has had, in bytes.</summary>
    public long PeakMemory()
    {
        string line = File.ReadLines($"/proc/{Id}/status").First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Makes the most memory that it has had the memory that it has now.</summary>
    public void ForgetPeakMemory() => File.WriteAllText($"/proc/{Id}/clear_refs", "5");

    /// <summary>Stops it, and returns when it stands still.</summary>
    public void Stop()
    {
        Signal(Fairlead.Processes.Signal.Stop);
        Assert.True(SpinWait.SpinUntil(
            () => File.ReadAllText($"/proc/{Id}/stat").Contains(") T ", StringComparison.Ordinal), TimeSpan.FromMinutes(1)));
    }

    public void Dispose()
    {
        if (!_isKilled)
        {
            _isKilled = true;
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }

    private static ProcessStartInfo Command(string[] arguments) => new("dotnet", ["exec", Program, .. arguments])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}
