using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Fairlead.Conformance;

namespace Fairlead.Cli.Tests.Running;

/// <summary>A running program. Its stdout is read on request only, because a test may want it full.</summary>
internal sealed class ToolProcess : IDisposable
{
    // Ends a hang; no test depends on how long anything takes.
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Channel<string> _errorLines = Channel.CreateUnbounded<string>();
    private readonly Task _readingErrors;

    public ToolProcess(Process process)
    {
        _process = process;
        _readingErrors = ReadErrorsAsync();
    }

    public int Id => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Its stdout as bytes.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>The next line of its stdout; null at the end.</summary>
    public async Task<string?> LineAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Watchdog);

    /// <summary>Waits for a line on stderr that begins like this.</summary>
    public async Task<string> ErrorLineAsync(string beginning)
    {
        await foreach (var line in _errorLines.Reader.ReadAllAsync().WithCancellation(new CancellationTokenSource(Watchdog).Token))
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"It ended without '{beginning}': {_errors}");
    }

    /// <summary>Writes lines to its stdin.</summary>
    public async Task SayAsync(params string[] lines)
    {
        foreach (var line in lines)
        {
            await Input.WriteLineAsync(line);
        }

        await Input.FlushAsync();
    }

    /// <summary>Ends its stdin, reads what is left of its output, and waits for its end.</summary>
    public Task<Outcome> EndAsync()
    {
        Close();
        return ExitAsync();
    }

    /// <summary>Reads what is left of its output, and waits for its end, with its stdin open.</summary>
    public async Task<Outcome> ExitAsync() => await ExitAsync(await _process.StandardOutput.ReadToEndAsync().WaitAsync(Watchdog));

    /// <summary>Waits for its end after <see cref="Output"/> was closed.</summary>
    public Task<Outcome> WithoutOutputAsync() => ExitAsync("");

    private async Task<Outcome> ExitAsync(string output)
    {
        await _process.WaitForExitAsync().WaitAsync(Watchdog);
        await _readingErrors.WaitAsync(Watchdog);
        return new Outcome(_process.ExitCode, output, _errors.ToString());
    }

    /// <summary>Waits for its end, although its children still have its stdout and stderr.</summary>
    public Task DiedAsync() => _process.WaitForExitAsync().WaitAsync(Watchdog);

    /// <summary>Ends its stdin.</summary>
    public void Close()
    {
        try
        {
            Input.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }
    }

    /// <summary>
    /// Sends a signal: TERM, INT, STOP, CONT, KILL. After STOP all its threads have stopped: until one of them has been given a processor
    /// to stop them, the others run on.
    /// </summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
        await kill.WaitForExitAsync().WaitAsync(Watchdog);
        Assert.Equal(0, kill.ExitCode);
        if (signal == "STOP")
        {
            await StoppedChild.WaitAsync(Id).WaitAsync(Watchdog);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.WaitForExit(Watchdog);
        _process.Dispose();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _errors.AppendLine(line);
            _errorLines.Writer.TryWrite(line);
        }

        _errorLines.Writer.Complete();
    }
}
