using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fairlead.Cli.Commands;
using Fairlead.Cli.Processes;
using Fairlead.Processes;

namespace Fairlead.Cli.Lab;

/// <summary>The process of a role, seen from the director.</summary>
/// <remarks>
/// Owns the process, and the facts and cues that it has reported, under its gate. One thread of the director uses it. The reading of its
/// stdout runs beside that.
/// </remarks>
internal sealed class ActorProcess : IAsyncDisposable
{
    /// <summary>So many looks, a millisecond apart, must show the same sleep.</summary>
    private const int LooksAsleep = 10;

    private readonly Lock _gate = new();
    private readonly Director _director;
    private readonly ChildProcess _process;
    private readonly StreamWriter _cues;
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private readonly Dictionary<string, string> _facts = [];
    private readonly Dictionary<string, TaskCompletionSource<long>> _reached = [];
    private bool _hasEnded;

    private ActorProcess(Director director, string name, ChildProcess process)
    {
        (_director, Name, _process) = (director, name, process);
        _cues = new StreamWriter(process.StandardInput) { AutoFlush = true };
        _errors = new StreamReader(process.StandardError).ReadToEndAsync();
        _reading = ReadAsync();
    }

    /// <summary>The name, which heads its lane.</summary>
    public string Name { get; }

    /// <summary>The process ID.</summary>
    public int Id => _process.Id;

    public static ActorProcess Start(
        Director director, string experiment, Role role, string name, IReadOnlyDictionary<int, SafeHandle> descriptors, ProcessGroup group)
    {
        var (program, arguments) = OwnProgram.With(LabActorCommand.Verb, experiment, role.Name, director.Folder);
        ChildProcess process = ChildProcess.Start(
            program,
            arguments,
            new ChildProcessOptions
            {
                StandardInput = Redirection.Pipe,
                StandardOutput = Redirection.Pipe,
                StandardError = Redirection.Pipe,
                Descriptors = descriptors,
                Group = group,
                BlockedSignals = role.BlockedSignals,
                Environment = new Dictionary<string, string?> { ["XDG_RUNTIME_DIR"] = director.Folder },
                TiedToParent = true,
            });
        return new ActorProcess(director, name, process);
    }

    /// <summary>Waits until it has reported a cue.</summary>
    /// <returns>The time of the cue, in nanoseconds of the monotonic clock.</returns>
    public async Task<long> ReachesAsync(string cue)
    {
        Task<long> reached = Cue(cue).Task;
        await _director.WaitAsync(Task.WhenAny(reached, _reading), $"{Name} reaches '{cue}'");
        if (!reached.IsCompleted)
        {
            throw new ToolException(ExitCode.Failure, $"{Name} ended before '{cue}': {await EpitaphAsync()}");
        }

        return await reached;
    }

    /// <summary>Whether it has reported a cue.</summary>
    public bool HasReached(string cue) => Cue(cue).Task.IsCompleted;

    /// <summary>Lets it go on behind a cue.</summary>
    public void Go(string cue)
    {
        try
        {
            _cues.WriteLine(cue);
        }
        catch (IOException)
        {
            // It has ended. The next wait for it reports that.
        }
    }

    /// <summary>Waits for a cue, and lets it go on.</summary>
    public async Task PassAsync(string cue)
    {
        await ReachesAsync(cue);
        Go(cue);
    }

    /// <summary>Returns a reported value.</summary>
    public string Fact(string name) =>
        Reported(name) ?? throw new ToolException(ExitCode.Failure, $"{Name} has not reported '{name}'");

    /// <summary>Returns a reported number.</summary>
    public long Number(string name) => long.Parse(Fact(name), CultureInfo.InvariantCulture);

    /// <summary>Sends a signal, and shows it.</summary>
    public void Signal(Signal signal)
    {
        _director.Report(LabEventKind.Signals, signal.Name, Name);
        _process.Send(signal);
    }

    /// <summary>Stops it, and waits until the kernel shows it as stopped.</summary>
    public async Task StopAsync()
    {
        Signal(Fairlead.Processes.Signal.Stop);
        await IsInStateAsync('T', "stopped");
    }

    /// <summary>Continues it.</summary>
    public void Continue() => Signal(Fairlead.Processes.Signal.Continue);

    /// <summary>Waits until the process is in a state of the kernel, and shows that.</summary>
    public async Task IsInStateAsync(char state, string what)
    {
        await _director.UntilAsync(() => ProcState.Of(Id) == state, $"{Name} is {what}");
        _director.Seen(Name, $"{what} (state {state})");
    }

    /// <summary>Waits until the thread of the role sleeps in the kernel, and shows that.</summary>
    /// <returns>The kernel function, or "a system call" if the kernel hides it.</returns>
    public async Task<string> SleepsAsync()
    {
        ThreadState? last = null;
        int same = 0;
        await _director.UntilAsync(
            () =>
            {
                ThreadState? now = Reported(Actor.ThreadFact) is { } thread
                    ? ProcState.OfThread(Id, int.Parse(thread, CultureInfo.InvariantCulture))
                    : null;
                same = now is { State: 'S' } && now == last ? same + 1 : 0;
                last = now;
                return same == LooksAsleep;
            },
            $"{Name} sleeps");
        string shown = last!.Function.Length > 0 ? last.Function : "a system call";
        _director.Seen(Name, $"sleeps in {shown} (state S)");
        return shown;
    }

    /// <summary>Waits for its end, and shows it.</summary>
    public async Task<ChildExit> EndsAsync()
    {
        Task<ChildExit> exiting = _process.ExitAsync();
        await _director.WaitAsync(Task.WhenAll(exiting, _reading), $"{Name} ends");
        ChildExit exit = await exiting;
        if (!_hasEnded)
        {
            _hasEnded = true;
            _director.Seen(Name, exit.ToString(), LabEventKind.Ends, Id);
        }

        return exit;
    }

    /// <summary>Waits for its end, which must be a success.</summary>
    public async Task FinishesAsync()
    {
        if (!(await EndsAsync()).IsSuccess)
        {
            throw new ToolException(ExitCode.Failure, $"{Name} failed: {await EpitaphAsync()}");
        }
    }

    /// <summary>Kills it, and waits for its end.</summary>
    public async Task KillAsync()
    {
        Signal(Fairlead.Processes.Signal.Kill);
        await EndsAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.ExitAsync();

        // A process that is killed may leave half a line. The others and the folder are cleared away all the same.
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _process.DisposeAsync();
    }

    private string? Reported(string fact)
    {
        lock (_gate)
        {
            return _facts.GetValueOrDefault(fact);
        }
    }

    private TaskCompletionSource<long> Cue(string cue)
    {
        lock (_gate)
        {
            if (!_reached.TryGetValue(cue, out TaskCompletionSource<long>? reached))
            {
                reached = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
                _reached.Add(cue, reached);
            }

            return reached;
        }
    }

    private async Task<string> EpitaphAsync()
    {
        Task<ChildExit> exiting = _process.ExitAsync();
        await _director.WaitAsync(exiting, $"{Name} ends");
        ChildExit exit = await exiting;
        string errors = (await _errors).Trim();
        return errors.Length > 0 ? $"{exit}: {errors}" : exit.ToString();
    }

    private async Task ReadAsync()
    {
        using StreamReader reader = new(_process.StandardOutput);
        while (await reader.ReadLineAsync() is { } line)
        {
            LabEvent happened = JsonSerializer.Deserialize(line, LabEventJson.Default.LabEvent)!;
            if (happened.Lane.Length == 0)
            {
                happened = happened with { Lane = Name, Id = Id };
            }

            switch (happened.Kind)
            {
                case LabEventKind.Cue:
                    Cue(happened.Text).TrySetResult(happened.At);
                    break;
                case LabEventKind.Fact:
                    lock (_gate)
                    {
                        _facts[happened.Text] = happened.Link!;
                    }

                    break;
            }

            _director.Add(happened);
        }
    }
}
