using System.Diagnostics;
using System.Text.Json;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Tour;

/// <summary>A worker, seen from the parent. It lives for the whole tour and plays one role after the other, unless it fails.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly Task _reading;
    private readonly Lock _writing = new();
    private string? _lastError;

    private WorkerProcess(Process process, Action<WorkerProcess, News> tell)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _lastError = string.IsNullOrWhiteSpace(line.Data) ? _lastError : line.Data;
        process.BeginErrorReadLine();
        _reading = ReadAsync(tell);
    }

    /// <summary>Completes when the worker has ended, or speaks no more.</summary>
    public Task Ended => _reading;

    public static WorkerProcess Start(TourCut cut, Action<WorkerProcess, News> tell)
    {
        var start = OwnProgram.With(TourWorkerCommand.Verb);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var worker = new WorkerProcess(Process.Start(start)!, tell);
        worker.Send(new Order(OrderKind.Input, Cut: cut));
        return worker;
    }

    /// <summary>How it ended, for the table.</summary>
    public string Epitaph()
    {
        _process.WaitForExit(Patience);
        var how = _process.HasExited ? $"ended with {_process.ExitCode}" : "closed its output";
        return $"worker process {_process.Id} {how}{(_lastError is null ? "" : $": {_lastError}")}";
    }

    public void Send(Order order)
    {
        try
        {
            lock (_writing)
            {
                _process.StandardInput.WriteLine(JsonSerializer.Serialize(order, TourJson.Default.Order));
                _process.StandardInput.Flush();
            }
        }
        catch (IOException)
        {
            // It has ended: its watch tells the row.
        }
    }

    /// <summary>Ends its stdin, by which it ends; one that does not is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before what was buffered for it was written.
        }

        try
        {
            await _process.WaitForExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task ReadAsync(Action<WorkerProcess, News> tell)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            tell(this, JsonSerializer.Deserialize(line, TourJson.Default.News)!);
        }
    }
}
