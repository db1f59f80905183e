namespace Fairlead.Processes.Supervision;

/// <summary>The children of a supervisor, in the order of their start.</summary>
/// <remarks>The loop of <see cref="SupervisionLoop"/> changes them, any thread reads them; both under the gate.</remarks>
internal sealed class Roster
{
    private readonly RankedLock _gate = new(LockRank.ChildSupervisor);
    private readonly List<TaskCompletionSource> _untilOver = [];
    private SupervisedEntry[] _entries;
    private bool _isEnded;

    public Roster(IEnumerable<SupervisedChild> children) =>
        _entries = [.. children.Select(static child => new SupervisedEntry(child))];

    /// <summary>The children, in order.</summary>
    public SupervisedEntry[] Entries => Volatile.Read(ref _entries);

    public SupervisedState[] States()
    {
        using (_gate.Hold())
        {
            return
            [
                .. _entries.Select(static entry => new SupervisedState
                {
                    Name = entry.Description.Name,
                    Status = entry.Status,
                    ProcessId = entry.Process?.Id,
                    Restarts = Math.Max(0, entry.Starts - 1),
                    LastExit = entry.LastExit,
                    Reason = entry.Reason,
                }),
            ];
        }
    }

    /// <summary>Returns the child of a name.</summary>
    /// <exception cref="FairleadException">NotFound.</exception>
    public SupervisedEntry Find(string name)
    {
        SupervisedEntry[] entries = Entries;
        return Array.Find(entries, entry => entry.Description.Name == name)
            ?? throw new FairleadException(
                ErrorCode.NotFound,
                $"the supervisor has no child '{name}'",
                NearestName.Of(name, entries.Select(static entry => entry.Description.Name)) is { } near
                    ? $"Did you mean '{near}'?"
                    : $"Its children are: {string.Join(", ", entries.Select(static entry => entry.Description.Name))}.");
    }

    /// <summary>Gives the caller the channel of the child's present or next process that no other caller has got.</summary>
    public void TakeChannel(string name, TaskCompletionSource<Address> caller)
    {
        using (_gate.Hold())
        {
            SupervisedEntry entry = Find(name);
            if (entry.Description.Process.Channel == ChannelKind.None)
            {
                throw NoChannel(name);
            }

            if (_isEnded || entry.IsOver)
            {
                throw Over(entry);
            }

            entry.Channel.Take(caller);
        }
    }

    /// <summary>Completes the source in the first <see cref="CheckEnd"/> that finds that no child runs or will be started.</summary>
    public void AwaitEnd(TaskCompletionSource source)
    {
        using (_gate.Hold())
        {
            _untilOver.RemoveAll(static waiter => waiter.Task.IsCompleted);
            _untilOver.Add(source);
        }
    }

    /// <summary>Completes the callers of <see cref="AwaitEnd"/> if it is so.</summary>
    public void CheckEnd()
    {
        using (_gate.Hold())
        {
            if (!Array.TrueForAll(_entries, static entry => entry.IsOver))
            {
                return;
            }

            foreach (TaskCompletionSource source in _untilOver)
            {
                source.TrySetResult();
            }

            _untilOver.Clear();
        }
    }

    /// <summary>Notes a process that has started, and offers its channel.</summary>
    public void Begin(SupervisedEntry entry, ChildProcess process)
    {
        using (_gate.Hold())
        {
            entry.Process = process;
            entry.Starts++;
            Change(entry, SupervisedStatus.Running);
            entry.Channel.Offer(process, entry.Description.Process.Channel != ChannelKind.None);
        }
    }

    /// <summary>Notes that the process is ready. False if it is not the child's process any more.</summary>
    public bool TryMakeReady(SupervisedEntry entry, ChildProcess process)
    {
        using (_gate.Hold())
        {
            if (entry.Process != process || entry.Status != SupervisedStatus.Running)
            {
                return false;
            }

            Change(entry, SupervisedStatus.Ready);
            return true;
        }
    }

    /// <summary>Returns the process to end; null if the child does not run.</summary>
    public ChildProcess? BeginToEnd(SupervisedEntry entry)
    {
        using (_gate.Hold())
        {
            if (entry.Process is not null)
            {
                Change(entry, SupervisedStatus.Stopping);
            }

            return entry.Process;
        }
    }

    /// <summary>Notes that the process has ended. False if it is not the child's process any more.</summary>
    public bool TryPart(SupervisedEntry entry, ChildProcess process)
    {
        using (_gate.Hold())
        {
            if (entry.Process != process)
            {
                return false;
            }

            entry.Process = null;
            entry.LastExit = process.Exit;
            entry.Channel.Withdraw(process);
            Change(entry, SupervisedStatus.Waiting);
            return true;
        }
    }

    /// <summary>Lets the child wait for its start. Returns the version by which <see cref="IsDue"/> knows this wait.</summary>
    public int Wait(SupervisedEntry entry)
    {
        using (_gate.Hold())
        {
            entry.Reason = null;
            return Change(entry, SupervisedStatus.Waiting);
        }
    }

    /// <summary>Returns whether the child still waits since then.</summary>
    public bool IsDue(SupervisedEntry entry, int version)
    {
        using (_gate.Hold())
        {
            return entry.Version == version && entry.Status == SupervisedStatus.Waiting;
        }
    }

    /// <summary>Notes that the child does not run and will not be started.</summary>
    /// <param name="entry">The child.</param>
    /// <param name="reason">Why it was given up; null if it was not.</param>
    public void Finish(SupervisedEntry entry, string? reason = null)
    {
        using (_gate.Hold())
        {
            entry.Reason = reason;
            Change(entry, reason is null ? SupervisedStatus.Stopped : SupervisedStatus.GivenUp);
            entry.Channel.Fail(() => Over(entry));
        }
    }

    /// <summary>Gives a child another description. It does not run.</summary>
    public void Describe(SupervisedEntry entry, SupervisedChild description)
    {
        using (_gate.Hold())
        {
            entry.Description = description;
            if (description.Process.Channel == ChannelKind.None)
            {
                entry.Channel.Fail(() => NoChannel(description.Name));
            }
        }
    }

    /// <summary>Replaces the children. Those that are left out do not run.</summary>
    public void Replace(SupervisedEntry[] entries)
    {
        using (_gate.Hold())
        {
            foreach (SupervisedEntry left in _entries.Except(entries))
            {
                left.Channel.Close();
            }

            Volatile.Write(ref _entries, entries);
        }
    }

    /// <summary>Ends the supervisor: no child runs.</summary>
    public void End()
    {
        using (_gate.Hold())
        {
            _isEnded = true;
            foreach (SupervisedEntry entry in _entries)
            {
                entry.Channel.Fail(() => Over(entry));
                entry.Channel.Close();
            }
        }
    }

    private static int Change(SupervisedEntry entry, SupervisedStatus status)
    {
        entry.Status = status;
        return ++entry.Version;
    }

    private static InvalidOperationException NoChannel(string name) =>
        new($"'{name}' was started without a channel. Set ChildProcessOptions.Channel.");

    private static FairleadException Over(SupervisedEntry entry) =>
        entry.Reason is { } reason
            ? new FairleadException(
                ErrorCode.Unavailable,
                $"the child '{entry.Description.Name}' was given up: {reason}",
                "Read what it wrote to its standard error. RestartAsync starts it again.")
            : new FairleadException(
                ErrorCode.Unavailable,
                $"the child '{entry.Description.Name}' has stopped, and will not be started again",
                "RestartAsync starts it again, unless its supervisor has ended.");
}
