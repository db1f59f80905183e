using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead;
using Fairlead.Processes;
using Microsoft.Win32.SafeHandles;

/// <summary>Runs lines: the jobs, the built-in commands, and the owner of the terminal.</summary>
internal sealed class Shell(ControllingTerminal? terminal) : IDisposable
{
    private readonly StreamWriter _output = new(Console.IsOutputRedirected ? Console.OpenStandardOutput() : Terminal(1))
    {
        AutoFlush = true,
    };
    private readonly StreamWriter _errors = new(Console.IsErrorRedirected ? Console.OpenStandardError() : Terminal(2)) { AutoFlush = true };
    private readonly TerminalModes? _modes = terminal?.SaveModes();

    // Replaced whole, because Ctrl-C arrives on another thread.
    private volatile Job[] _jobs = [];
    private volatile bool _isInterrupted;
    private volatile bool _isAtPrompt;

    public int Status { get; private set; }

    public bool IsOver { get; private set; }

    /// <summary>Reports changes of jobs in the background, and asks for a line.</summary>
    public void Prompt()
    {
        foreach (Job job in _jobs.Where(static job => job.HasEnded))
        {
            Forget(job);
            if (terminal is not null)
            {
                _errors.WriteLine($"[{job.Number}] done {job.Text}");
            }
        }

        _isAtPrompt = true;
        if (terminal is not null)
        {
            _errors.Write("$ ");
        }
    }

    /// <summary>Ends the prompt's line when the input has ended; the next prompt belongs to another program.</summary>
    public void End()
    {
        if (terminal is not null)
        {
            _errors.WriteLine();
        }
    }

    public void Run(string line)
    {
        // An earlier interruption was for a line that was typed and not entered.
        _isAtPrompt = false;
        _isInterrupted = false;
        List<Pipeline> pipelines = [];
        Try(() => pipelines = CommandLine.Parse(line));
        foreach (Pipeline pipeline in pipelines.TakeWhile(_ => !IsOver && !_isInterrupted))
        {
            Try(() =>
            {
                Pipeline expanded = pipeline.With(Status);
                if (!TryBuiltIn(expanded))
                {
                    Start(expanded);
                }
            });
        }
    }

    private void Try(Action run)
    {
        try
        {
            run();
        }
        catch (Exception problem) when (problem is FairleadException or FormatException or IOException or UnauthorizedAccessException)
        {
            _errors.WriteLine($"shell: {problem.Message}");
            Status = problem is FairleadException { Code: ErrorCode.NotFound } ? 127 : 126;
        }
    }

    /// <summary>Handles Ctrl-C at the prompt, or while the shell waits for a job in the background.</summary>
    public void Interrupt(PosixSignalContext context)
    {
        context.Cancel = terminal is not null;
        _isInterrupted = true;
        foreach (Job job in _jobs)
        {
            job.Nudge();
        }

        if (terminal is not null)
        {
            _errors.Write(_isAtPrompt ? "\n$ " : "\n");
        }
    }

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
    }

    private void Start(Pipeline pipeline)
    {
        Job job = Job.Start(
            1 + _jobs.Select(static job => job.Number).DefaultIfEmpty(0).Max(),
            pipeline,
            takesTerminal: terminal is not null && !pipeline.IsBackground);
        _jobs = [.. _jobs, job];
        if (pipeline.IsBackground)
        {
            _errors.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{job.Number}] {job.Group}"));
            Status = 0;
        }
        else
        {
            InForeground(job);
        }
    }

    /// <summary>Waits for the job; then takes the terminal back, with its former settings.</summary>
    private void InForeground(Job job)
    {
        // Without a terminal, a signal to this shell ends the wait. With a terminal the signal does not reach this shell.
        job.Wait(static () => false);
        if (terminal is not null)
        {
            terminal.Foreground = ControllingTerminal.OwnGroup;
            job.Modes = terminal.SaveModes();
            terminal.RestoreModes(_modes!);
        }

        Status = job.Status;
        if (job.IsStopped)
        {
            _errors.WriteLine($"\n[{job.Number}] stopped {job.Text}");
            return;
        }

        Forget(job);
        if (job.WasInterrupted && terminal is not null)
        {
            _errors.WriteLine();
        }
    }

    private bool TryBuiltIn(Pipeline pipeline)
    {
        if (pipeline.Commands is not [var command])
        {
            return false;
        }

        switch (command.Words)
        {
            case ["cd", ..]:
                Environment.CurrentDirectory = command.Words.ElementAtOrDefault(1) ?? Environment.GetEnvironmentVariable("HOME") ?? "/";
                Status = 0;
                return true;
            case ["exit", ..]:
                Status = command.Words is not [_, var status] ? Status
                    : int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number & 0xFF
                    : throw new FormatException($"exit takes a number, not {status}");
                IsOver = true;
                return true;
            case ["jobs"]:
                foreach (Job job in _jobs)
                {
                    _output.WriteLine($"[{job.Number}] {(job.HasEnded ? "done" : job.IsStopped ? "stopped" : "running")} {job.Text}");
                }

                return true;
            case ["fg", ..]:
                Job front = Find(command);
                _output.WriteLine(front.Text);
                if (terminal is not null)
                {
                    terminal.RestoreModes(front.Modes ?? _modes!);
                    terminal.Foreground = front.Group;
                }

                front.Continue();
                InForeground(front);
                return true;
            case ["bg", ..]:
                Find(command).Continue();
                return true;
            case ["wait", ..]:
                foreach (Job job in command.Words.Count > 1 ? [Find(command)] : _jobs)
                {
                    job.Wait(() => _isInterrupted);
                    Status = _isInterrupted ? 128 + Signal.Interrupt.Number : job.Status;
                }

                return true;
            default:
                return false;
        }
    }

    private void Forget(Job job) => _jobs = [.. _jobs.Where(other => other != job)];

    /// <summary>Reads without the console's own stream, which would change the settings of the terminal.</summary>
    private static FileStream Terminal(int number) => new(new SafeFileHandle(number, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    /// <summary>Returns the job that a command names, <c>%1</c>, or the last one.</summary>
    private Job Find(Command command) =>
        (command.Words is [_, var name] ? Array.Find(_jobs, job => name == $"%{job.Number}") : _jobs.LastOrDefault())
        ?? throw new FormatException("there is no such job");
}
