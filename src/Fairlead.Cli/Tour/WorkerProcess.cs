using System.Runtime.InteropServices;
using System.Text.Json;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Processes;
using Fairlead.Processes;

namespace Fairlead.Cli.Tour;

/// <summary>A worker, as the parent sees it. It lives for the whole tour and plays one role after the other, unless it fails.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ChildProcess _process;
    private readonly StreamWriter _orders;
    private readonly Task _reading;
    private readonly Lock _writing = new();
    private string? _lastError;

    private WorkerProcess(ChildProcess process, Action<WorkerProcess, News> tell)
    {
        _process = process;
        _orders = new StreamWriter(process.StandardInput) { AutoFlush = true };
        _ = ReadErrorsAsync();
        _reading = ReadAsync(tell);
    }

    /// <summary>Completes when the worker has ended, or closed its output.</summary>
    public Task Ended => _reading;

    public static WorkerProcess Start(TourCut cut, IReadOnlyDictionary<int, SafeHandle> given, Action<WorkerProcess, News> tell)
    {
        var (program, arguments) = OwnProgram.With(TourWorkerCommand.Verb);
        var worker = new WorkerProcess(
            ChildProcess.Start(
                program,
                arguments,
                new()
                {
                    StandardInput = Redirection.Pipe,
                    StandardOutput = Redirection.Pipe,
                    StandardError = Redirection.Pipe,
                    Descriptors = given,
                }),
            tell);
        worker.Send(new Order(OrderKind.Input, Cut: cut));
        return worker;
    }

    /// <summary>Returns how it ended, for the table.</summary>
    public string Epitaph()
    {
        var how = _process.WaitForExit(Patience) switch
        {
            ChildExit.Killed killed => $"was {killed}",
            ChildExit.Exited(var code) => $"ended with {code}",
            _ => "closed its output",
        };
        return $"worker process {_process.Id} {how}{(_lastError is null ? "" : $": {_lastError}")}";
    }

    public void Send(Order order)
    {
        try
        {
            lock (_writing)
            {
                _orders.WriteLine(JsonSerializer.Serialize(order, TourJson.Default.Order));
            }
        }
        catch (IOException)
        {
            // It has ended: its watch reports that to the row.
        }
    }

    /// <summary>Closes its stdin, which ends it; kills it if it does not end.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Dispose();
        try
        {
            await _process.ExitAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await _process.ExitAsync();
        }

        _process.Dispose();
    }

    private async Task ReadAsync(Action<WorkerProcess, News> tell)
    {
        using var reader = new StreamReader(_process.StandardOutput);
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                tell(this, JsonSerializer.Deserialize(line, TourJson.Default.News)!);
            }
        }
        catch (JsonException)
        {
            // Half a line, the last one: it was killed while it wrote. That is its end, too.
            if (await reader.ReadLineAsync() is not null)
            {
                throw;
            }
        }
    }

    private async Task ReadErrorsAsync()
    {
        using var reader = new StreamReader(_process.StandardError);
        while (await reader.ReadLineAsync() is { } line)
        {
            _lastError = string.IsNullOrWhiteSpace(line) ? _lastError : line;
        }
    }
}
