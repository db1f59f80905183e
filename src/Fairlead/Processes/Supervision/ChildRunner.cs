namespace Fairlead.Processes.Supervision;

/// <summary>Starts and ends the processes of a supervisor's children, and reports that.</summary>
/// <remarks>Only the loop of <see cref="SupervisionLoop"/> calls it. No state.</remarks>
/// <param name="roster">The children.</param>
/// <param name="reports">Gets the changes.</param>
/// <param name="options">The settings of the supervisor.</param>
internal sealed class ChildRunner(Roster roster, ChangeReports reports, ChildSupervisorOptions options)
{
    // The kernel ends a process after SIGKILL within milliseconds, unless it waits for a device.
    private static readonly TimeSpan LongestKill = TimeSpan.FromSeconds(5);

    /// <summary>Starts a child.</summary>
    /// <returns>The process; null and the error if it could not be started.</returns>
    public async Task<(ChildProcess? Process, Exception? Error)> StartAsync(SupervisedEntry entry)
    {
        SupervisedChild child = entry.Description;
        ChildProcess process;
        try
        {
            process = await ChildProcess.StartAsync(
                child.Program,
                child.Arguments,
                child.Process with
                {
                    Group = child.Process.Group.IsSession ? ProcessGroup.NewSession : ProcessGroup.New,
                    EndsGroup = true,
                    TiedToParent = options.TiesChildren,
                }).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            // Whatever the reason is, it is the child's, and the others continue.
            reports.Add(new SupervisedChange.NotStarted(child.Name, error));
            return (null, error);
        }

        roster.Begin(entry, process);
        reports.Add(new SupervisedChange.Started(child.Name, process.Id));
        return (process, null);
    }

    /// <summary>Ends a child if it runs: SIGTERM to its group, and SIGKILL after its grace.</summary>
    public async Task EndAsync(SupervisedEntry entry)
    {
        if (roster.BeginToEnd(entry) is not { } process)
        {
            return;
        }

        SupervisedChild child = entry.Description;
        process.SendWhileLeading(Signal.Terminate);
        process.SendWhileLeading(Signal.Continue);
        await ExitAsync(process, child.Grace).ConfigureAwait(false);
        if (!process.HasEnded)
        {
            process.SendWhileLeading(Signal.Kill);
            await ExitAsync(process, LongestKill).ConfigureAwait(false);
        }

        // A process that does not end keeps being watched, and is collected when it ends.
        roster.TryPart(entry, process);
        reports.Add(
            process.HasEnded
                ? new SupervisedChange.Exited(child.Name, process.Id, process.Exit)
                : new SupervisedChange.NotEnded(child.Name, process.Id));
    }

    private async Task ExitAsync(ChildProcess process, TimeSpan patience)
    {
        try
        {
            await process.ExitAsync().WaitAsync(Deadline.ForTask(patience), options.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The caller asks whether it has ended.
        }
        catch (FairleadException)
        {
            // It has ended, and other code has taken its status.
        }
    }
}
