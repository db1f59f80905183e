using System.Globalization;

namespace Fairlead.Processes.Supervision;

/// <content>Starts, failures and restarts. Every member runs inside a step.</content>
internal sealed partial class SupervisionLoop
{
    /// <summary>Starts the children that wait, in order.</summary>
    private Task StartAllAsync(IEnumerable<SupervisedEntry> entries) =>
        StartDueAsync([.. entries.Select(static entry => (entry, entry.Version))]);

    private async Task StartDueAsync((SupervisedEntry Entry, int Version)[] due)
    {
        foreach ((SupervisedEntry entry, int version) in due)
        {
            // Another step, or the failure of an earlier one of these, may have changed its state.
            if (!IsEnding && _roster.IsDue(entry, version))
            {
                await StartAsync(entry).ConfigureAwait(false);
            }
        }
    }

    private async Task StartAsync(SupervisedEntry entry)
    {
        (ChildProcess? process, Exception? error) = await _runner.StartAsync(entry).ConfigureAwait(false);
        if (process is null)
        {
            await FailAsync(entry, $"could not be started: {error!.Message}").ConfigureAwait(false);
            return;
        }

        _ = WatchAsync(entry, process);
        if (entry.Description.ReadyAfter == TimeSpan.Zero)
        {
            MakeReady(entry, process);
        }
        else if (entry.Description.ReadyAfter != Timeout.InfiniteTimeSpan)
        {
            _ = PostAfterAsync(
                entry.Description.ReadyAfter,
                () =>
                {
                    MakeReady(entry, process);
                    return Task.CompletedTask;
                });
        }
    }

    private void MakeReady(SupervisedEntry entry, ChildProcess process)
    {
        if (_roster.TryMakeReady(entry, process))
        {
            entry.ForgetPause();
            _reports.Add(new SupervisedChange.Ready(entry.Description.Name, process.Id));
        }
    }

    private async Task WatchAsync(SupervisedEntry entry, ChildProcess process)
    {
        try
        {
            await process.ExitAsync().ConfigureAwait(false);
        }
        catch (FairleadException)
        {
            // It has ended, and other code of this process has taken its status: Exit is null.
        }

        Post(() => OnEndedAsync(entry, process));
    }

    private async Task OnEndedAsync(SupervisedEntry entry, ChildProcess process)
    {
        if (!_roster.TryPart(entry, process))
        {
            // The supervisor has ended it, and has reported that.
            return;
        }

        ChildExit? exit = process.Exit;
        _reports.Add(new SupervisedChange.Exited(entry.Description.Name, process.Id, exit));
        if (entry.Description.Restart == RestartPolicy.Always
            || (entry.Description.Restart == RestartPolicy.OnFailure && exit is not { IsSuccess: true }))
        {
            await FailAsync(entry, exit?.ToString() ?? "ended").ConfigureAwait(false);
        }
        else
        {
            Stop(entry);
        }
    }

    /// <summary>Restarts a child that has failed, and the children that the strategy restarts with it; or gives it up.</summary>
    /// <param name="failed">The child. It does not run.</param>
    /// <param name="how">How it ended, as a predicate.</param>
    private async Task FailAsync(SupervisedEntry failed, string how)
    {
        SupervisedEntry[] others = [.. OthersOf(failed).Reverse()];
        if (failed.Description.Restart == RestartPolicy.Never || !failed.TryCountRestart(_time))
        {
            await GiveUpAsync(failed, how, others).ConfigureAwait(false);
            return;
        }

        List<SupervisedEntry> group = [failed];
        foreach (SupervisedEntry other in others)
        {
            await _runner.EndAsync(other).ConfigureAwait(false);
            if (other.Description.Restart == RestartPolicy.Never)
            {
                Stop(other);
            }
            else
            {
                group.Add(other);
            }
        }

        TimeSpan pause = failed.NextPause();
        (SupervisedEntry, int)[] due =
            [.. _roster.Entries.Where(group.Contains).Select(entry => (entry, _roster.Wait(entry)))];
        _ = PostAfterAsync(pause, () => StartDueAsync(due));
        foreach ((SupervisedEntry entry, _) in due)
        {
            _reports.Add(new SupervisedChange.Restarting(entry.Description.Name, pause));
        }
    }

    private async Task GiveUpAsync(SupervisedEntry failed, string how, SupervisedEntry[] others)
    {
        SupervisedChild child = failed.Description;
        string reason = child.Restart == RestartPolicy.Never || child.RestartLimit == 0
            ? $"it {how}"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"it failed {child.RestartLimit + 1} times within {SecondsText.Of(child.RestartPeriod)}; the last time it {how}");
        _roster.Finish(failed, reason);
        _reports.Add(new SupervisedChange.GivenUp(child.Name, reason));
        foreach (SupervisedEntry other in others)
        {
            await _runner.EndAsync(other).ConfigureAwait(false);
            Stop(other);
        }
    }

    /// <summary>Returns the other children that share the fate of one: they run, or wait for their start.</summary>
    private IEnumerable<SupervisedEntry> OthersOf(SupervisedEntry failed)
    {
        SupervisedEntry[] all = _roster.Entries;
        IEnumerable<SupervisedEntry> concerned = _strategy switch
        {
            RestartStrategy.OneForAll => all,
            RestartStrategy.RestForOne => all.SkipWhile(entry => entry != failed),
            _ => [],
        };
        return concerned.Where(entry => entry != failed && !entry.IsOver);
    }
}
