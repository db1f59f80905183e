using System.Runtime.CompilerServices;

namespace Fairlead.Cli.Tour;

/// <summary>The whole tour: row after row, in processes that start once.</summary>
internal sealed class TourRun(TourCut cut, TimeSpan limit, string? broker) : IAsyncDisposable
{
    /// <summary>How many messages to send in a rehearsal: without it, the compiler and the first page faults would be measured.</summary>
    private const int Rehearsal = 20;

    /// <summary>How long the death of a process may go unnoticed after a failure: its peers notice it first.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5);

    private static readonly News WorkerEnded = new(NewsKind.Failed, 0, Text: "a worker process has ended");

    private readonly TourInput _input = TourInput.Open(cut);
    private readonly List<WorkerProcess> _workers = [];
    private TourChannels _channels = new();
    private readonly int _id = Environment.ProcessId;
    private volatile RowRun? _current;
    private Action? _clear;
    private int _nextRole;

    /// <summary>Returns the rows, as they end.</summary>
    public async IAsyncEnumerable<TourRow> RowsAsync(
        IReadOnlyList<TourGround> grounds, Action<TourRow> begins, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var judge = new Judge(_input);
        foreach (var play in grounds.SelectMany(ground => ground.Plays($"tour-{_id}", broker)))
        {
            var row = play.Row;
            begins(row);
            if (play.Refusal is { } refusal)
            {
                yield return row with { Refusal = refusal };
                continue;
            }

            var seats = Seat(1 + row.Scenario.Joiners, row.Processes);
            _clear = play.Clear;
            row = await PlayAsync(row, seats, judge, Math.Min(Rehearsal, cut.Count), Place(play), cancellationToken);
            if (row.IsIntact)
            {
                play.Clear();
                row = await PlayAsync(row, seats, judge, cut.Count, Place(play), cancellationToken);
            }

            if (row.Problem is not null)
            {
                row = row with { Problem = await DeathAsync() ?? row.Problem };
                await ReplaceAsync();
            }

            play.Clear();

            yield return row;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_workers.Select(static worker => worker.DisposeAsync().AsTask()));

        // A row that was interrupted: its processes have closed what is to be removed.
        _clear?.Invoke();
        _channels.Dispose();
        _input.Dispose();
    }

    private async Task<TourRow> PlayAsync(
        TourRow row, WorkerProcess[] seats, Judge judge, int messages, string place, CancellationToken cancellationToken)
    {
        var current = _current = new RowRun(row, [.. seats.Select(static seat => (Action<Order>)seat.Send)], judge, _nextRole, messages);
        _nextRole += seats.Length;

        // If it ended before, this reports it; from now on its watch does.
        if (_workers.Exists(static worker => worker.Ended.IsCompleted))
        {
            current.Hear(WorkerEnded);
        }

        return await current.PlayAsync(place, limit, cancellationToken);
    }

    private string Place(TourPlay play) => play.IsInherited ? _channels.Next().ToString() : play.Place;

    /// <summary>Returns the processes for the roles: if there are fewer than roles, the last one plays several.</summary>
    private WorkerProcess[] Seat(int roles, int processes)
    {
        while (_workers.Count < processes)
        {
            var worker = WorkerProcess.Start(cut, _channels.EndsOf(_workers.Count), (_, news) => _current?.Hear(news));
            _workers.Add(worker);
            _ = WatchAsync(worker);
            if (_workers.Count == 2)
            {
                _channels.Dispose();
            }
        }

        return [.. Enumerable.Range(0, roles).Select(role => _workers[Math.Min(role, processes - 1)])];
    }

    /// <summary>Fails the running row when a worker ends.</summary>
    private async Task WatchAsync(WorkerProcess worker)
    {
        await worker.Ended;
        _current?.Hear(WorkerEnded);
    }

    /// <summary>Returns which process has died, if any: that explains the reports of the others.</summary>
    private async Task<string?> DeathAsync()
    {
        await Task.WhenAny([Task.Delay(Aftermath, TimeProvider.System), .. _workers.Select(static worker => worker.Ended)]);
        return _workers.Find(static worker => worker.Ended.IsCompleted)?.Epitaph();
    }

    /// <summary>
    /// Replaces all processes: after a failure the state of the running roles is unknown. The old ones end in order if they can, and
    /// release their names.
    /// </summary>
    private async Task ReplaceAsync()
    {
        _current = null;
        await Task.WhenAll(_workers.Select(static worker => worker.DisposeAsync().AsTask()));
        _workers.Clear();
        _channels.Dispose();
        _channels = new TourChannels();
    }
}
