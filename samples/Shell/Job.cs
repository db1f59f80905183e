using Fairlead;
using Fairlead.Processes;

/// <summary>A pipeline that runs, is stopped, or has ended; it is one process group.</summary>
internal sealed class Job
{
    private readonly Dictionary<ChildProcess, ChildChange?> _last = [];
    private readonly List<ChildProcess> _children = [];

    private Job(int number, string text) => (Number, Text) = (number, text);

    public int Number { get; }

    public string Text { get; }

    public int Group => _children[0].Group;

    /// <summary>The job's settings of the terminal when it was stopped.</summary>
    public TerminalModes? Modes { get; set; }

    public bool HasEnded => Locked(() => _last.Values.All(static change => change is ChildExit));

    public bool IsStopped => Locked(() => !HasEnded && _last.Values.Any(static change => change is ChildChange.Stopped));

    /// <summary>The exit code as a shell counts it: that of the last program of the pipeline.</summary>
    public int Status => Locked(() => _last[_children[^1]] is ChildExit exit ? exit.ShellCode : 128 + Signal.TerminalStop.Number);

    /// <summary>Whether the keyboard ended the job; the prompt then needs a new line.</summary>
    public bool WasInterrupted => Locked(() => _last[_children[^1]] is ChildExit.Killed { Signal.Number: 2 or 3 });

    /// <summary>Starts the programs, each in the group of the first, each with the end of a pipe before and behind it.</summary>
    public static Job Start(int number, Pipeline pipeline, bool takesTerminal)
    {
        Job job = new(number, pipeline.Text);
        AnonymousPipe? before = null;
        try
        {
            foreach (Command command in pipeline.Commands)
            {
                AnonymousPipe? behind = command == pipeline.Commands[^1] ? null : AnonymousPipe.Create();
                try
                {
                    job.Follow(ChildProcess.Start(command.Words[0], command.Words.Skip(1), new ChildProcessOptions
                    {
                        Group = job._children.Count == 0 ? ProcessGroup.New : ProcessGroup.Join(job.Group),
                        HoldsGroup = true,
                        TakesTerminal = takesTerminal && job._children.Count == 0,
                        ReportsStops = true,

                        // At a terminal the keys are for the jobs, even if the parent of this shell ignores them.
                        DefaultSignals = takesTerminal
                            ? [Signal.Interrupt, Signal.Quit, Signal.TerminalStop, Signal.TerminalInput, Signal.TerminalOutput]
                            : [],
                        StandardInput = command.Input is { } file ? Redirection.File(file)
                            : before is null ? Redirection.Inherit
                            : Redirection.To(before.Reader),
                        StandardOutput = command.Output is { } target
                                ? (command.Appends ? Redirection.Append(target) : Redirection.File(target))
                            : behind is null ? Redirection.Inherit
                            : Redirection.To(behind.Writer),
                        StandardError = command.Errors is { } errors ? Redirection.File(errors)
                            : command.ErrorsToOutput ? Redirection.ToOutput
                            : Redirection.Inherit,
                    }));
                }
                catch
                {
                    behind?.Dispose();
                    throw;
                }

                // From here on only the children have these ends: the reader sees the end when the writer has gone.
                before?.Dispose();
                before = behind;
            }

            return job;
        }
        catch when (job._children.Count > 0)
        {
            // One of the programs is missing: end those before it.
            job.Send(Signal.Terminate);
            throw;
        }
        finally
        {
            before?.Dispose();
            job._children.ForEach(static child => child.ReleaseGroup());
        }
    }

    /// <summary>Blocks until the job has ended or is stopped, or the shell is interrupted.</summary>
    public void Wait(Func<bool> isInterrupted)
    {
        lock (_last)
        {
            while (!HasEnded && !IsStopped && !isInterrupted())
            {
                Monitor.Wait(_last);
            }
        }
    }

    /// <summary>Makes the waiter of the job check again.</summary>
    public void Nudge()
    {
        lock (_last)
        {
            Monitor.PulseAll(_last);
        }
    }

    /// <summary>Resumes the job.</summary>
    public void Continue()
    {
        lock (_last)
        {
            foreach (ChildProcess child in _children.Where(child => _last[child] is ChildChange.Stopped))
            {
                _last[child] = null;
            }
        }

        Send(Signal.Continue);
    }

    public void Send(Signal signal) => _children[0].SendToGroup(signal);

    private void Follow(ChildProcess child)
    {
        lock (_last)
        {
            _children.Add(child);
            _last[child] = null;
        }

        _ = FollowAsync();

        async Task FollowAsync()
        {
            await foreach (ChildChange change in child.ChangesAsync())
            {
                lock (_last)
                {
                    _last[child] = change;
                    Monitor.PulseAll(_last);
                }
            }
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_last)
        {
            return read();
        }
    }
}
