using System.Threading.Channels;

namespace Fairlead.Processes.Supervision;

/// <summary>Decides what happens to the children of a supervisor: one step after the other, in one loop.</summary>
/// <remarks>
/// Ends of processes, pauses that are over, and calls of the user are steps in a queue. So no step sees another one half done, and no lock
/// is held while a child starts or ends. A step that throws is contained, and the next one runs.
/// </remarks>
internal sealed partial class SupervisionLoop : IDisposable
{
    private readonly Channel<Func<Task>> _steps =
        Channel.CreateUnbounded<Func<Task>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ending = new();
    private readonly Roster _roster;
    private readonly ChangeReports _reports;
    private readonly ChildRunner _runner;
    private readonly RestartStrategy _strategy;
    private readonly TimeProvider _time;
    private readonly Task _loop;

    public SupervisionLoop(Roster roster, ChangeReports reports, ChildSupervisorOptions options)
    {
        _roster = roster;
        _reports = reports;
        _runner = new ChildRunner(roster, reports, options);
        _strategy = options.Strategy;
        _time = options.Time;
        Post(() => StartAllAsync(roster.Entries));
        _loop = PoolWork.Start(RunAsync);
    }

    private bool IsEnding => _ending.IsCancellationRequested;

    /// <summary>Runs a step of the user after those that wait. Completes with it.</summary>
    /// <exception cref="ObjectDisposedException">The supervisor has ended.</exception>
    public Task DoAsync(Func<Task> step)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isPosted = _steps.Writer.TryWrite(async () =>
        {
            try
            {
                ObjectDisposedException.ThrowIf(IsEnding, typeof(ChildSupervisor));
                await step().ConfigureAwait(false);
                done.SetResult();
            }
            catch (Exception exception)
            {
                // Hand it to the caller, who awaits the step.
                done.SetException(exception);
            }
        });
        ObjectDisposedException.ThrowIf(!isPosted, typeof(ChildSupervisor));
        return done.Task;
    }

    /// <summary>Completes when no child runs and none will be started. Any thread.</summary>
    public Task AllEndedAsync()
    {
        TaskCompletionSource source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _roster.AwaitEnd(source);

        // The loop answers after each step: in the middle of one, the children may be about to be replaced.
        Post(static () => Task.CompletedTask);
        return Task.WhenAny(source.Task, _loop);
    }

    /// <summary>Ends all children, the last one first. Any thread; each call returns the same end.</summary>
    public Task EndAsync()
    {
        if (_steps.Writer.TryWrite(EndAllAsync))
        {
            _steps.Writer.TryComplete();
        }

        Dispose();
        return _loop;
    }

    /// <summary>Ends the pauses: nothing is started from now on. A second call has no effect.</summary>
    public void Dispose() => _ending.Cancel();

    /// <summary>Ends and starts one child, and forgets its failures.</summary>
    public async Task RestartAsync(SupervisedEntry entry)
    {
        await _runner.EndAsync(entry).ConfigureAwait(false);
        entry.ForgetFailures();
        _roster.Wait(entry);
        await StartAllAsync([entry]).ConfigureAwait(false);
    }

    /// <summary>Makes the children those that are given, in this order.</summary>
    public async Task ApplyAsync(IReadOnlyList<SupervisedChild> children)
    {
        SupervisedEntry[] before = _roster.Entries;
        List<SupervisedEntry> toStart = [];
        Dictionary<string, SupervisedChild> wanted = children.ToDictionary(static child => child.Name, StringComparer.Ordinal);
        foreach (SupervisedEntry entry in before.Reverse())
        {
            SupervisedChild? child = wanted.GetValueOrDefault(entry.Description.Name);
            if (child == entry.Description && entry.Status != SupervisedStatus.GivenUp)
            {
                continue;
            }

            await _runner.EndAsync(entry).ConfigureAwait(false);
            if (child is null)
            {
                Stop(entry);
                continue;
            }

            _roster.Describe(entry, child);
            entry.ForgetFailures();
            _roster.Wait(entry);
            toStart.Add(entry);
        }

        Dictionary<string, SupervisedEntry> known = before.ToDictionary(static entry => entry.Description.Name, StringComparer.Ordinal);
        SupervisedEntry[] after = [.. children.Select(child => known.GetValueOrDefault(child.Name) ?? new SupervisedEntry(child))];
        _roster.Replace(after);
        toStart.AddRange(after.Except(before));
        await StartAllAsync([.. after.Where(toStart.Contains)]).ConfigureAwait(false);
    }

    private void Post(Func<Task> step) => _steps.Writer.TryWrite(step);

    private async Task RunAsync()
    {
        await foreach (Func<Task> step in _steps.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await Finishing.DoAsync("a supervisor of children", () => new ValueTask(step())).ConfigureAwait(false);
            _roster.CheckEnd();
        }
    }

    /// <summary>Posts a step after a pause, unless the supervisor ends before.</summary>
    private async Task PostAfterAsync(TimeSpan pause, Func<Task> step)
    {
        try
        {
            await Task.Delay(Deadline.ForTimer(pause), _time, _ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        catch (Exception exception)
        {
            // The clock may be the user's. The restart limit also bounds restarts without a pause.
            FairleadEventSource.Log.Contained("the clock of a supervisor", Finishing.TextOf(exception));
        }

        Post(step);
    }

    private async Task EndAllAsync()
    {
        foreach (SupervisedEntry entry in _roster.Entries.Reverse())
        {
            await _runner.EndAsync(entry).ConfigureAwait(false);
            if (!entry.IsOver)
            {
                Stop(entry);
            }
        }

        _roster.End();
    }

    private void Stop(SupervisedEntry entry)
    {
        _roster.Finish(entry);
        _reports.Add(new SupervisedChange.Stopped(entry.Description.Name));
    }
}
