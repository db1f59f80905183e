using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Fairlead.Processes;

namespace Fairlead.Cli.Lab;

/// <summary>Leads an experiment: starts its processes, gives them cues and signals, sees them in the kernel, and checks claims.</summary>
/// <remarks>
/// Owns the processes, the private folder, the events and the claims. Events come from any thread, under the gate. Everything else belongs
/// to the one thread of the experiment. Disposal ends every process and removes the folder.
/// </remarks>
internal sealed class Director : IAsyncDisposable
{
    /// <summary>The name of the lab's own lane.</summary>
    public const string Lane = "lab";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan NarrationPeriod = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly Experiment _experiment;
    private readonly Narration _narration;
    private readonly bool _isInOrder;
    private readonly ITimer _narrating;

    // Cancelled with the token of the tool, or when the narration has failed: no wait outlives its reader.
    private readonly CancellationTokenSource _end;
    private readonly List<ActorProcess> _actors = [];
    private readonly List<ProcessHandle> _others = [];
    private readonly List<IDisposable> _kept = [];
    private readonly List<LabEvent> _events = [];
    private readonly List<Claim> _claims = [];
    private ExceptionDispatchInfo? _failure;

    /// <param name="experiment">The experiment.</param>
    /// <param name="limit">The longest wait for a step.</param>
    /// <param name="narrate">Shows an event.</param>
    /// <param name="isInOrder">Whether events are held back, and shown in the order of their times; otherwise as they arrive.</param>
    /// <param name="cancellationToken">Ends the experiment.</param>
    public Director(
        Experiment experiment, TimeSpan limit, Action<LabEvent> narrate, bool isInOrder, CancellationToken cancellationToken)
    {
        (_experiment, Limit, _narration, _isInOrder) = (experiment, limit, new Narration(narrate), isInOrder);
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Folder = Directory.CreateTempSubdirectory("lab-").FullName;
        Began = TimeProvider.System.GetTimestamp();
        _narrating = TimeProvider.System.CreateTimer(
            _ => Narrate(() => _narration.Show(TimeProvider.System.GetTimestamp())), null, NarrationPeriod, NarrationPeriod);
    }

    /// <summary>The private folder, also the runtime directory of the processes.</summary>
    public string Folder { get; }

    /// <summary>The longest wait for a step.</summary>
    public TimeSpan Limit { get; }

    /// <summary>When it began, in nanoseconds of the monotonic clock.</summary>
    public long Began { get; }

    /// <summary>The events in the order of their times.</summary>
    public IReadOnlyList<LabEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events.OrderBy(static happened => happened.At)];
            }
        }
    }

    /// <summary>The claims in their order.</summary>
    public IReadOnlyList<Claim> Claims => _claims;

    /// <summary>Starts a process for a role.</summary>
    /// <param name="role">The role.</param>
    /// <param name="name">The name of its lane; the role's name by default.</param>
    /// <param name="descriptors">The descriptors that it inherits under these numbers.</param>
    /// <param name="group">Its process group.</param>
    public ActorProcess Start(
        string role, string? name = null, IReadOnlyDictionary<int, SafeHandle>? descriptors = null, ProcessGroup group = default)
    {
        ThrowIfEnded();
        Role played = _experiment.Roles.Single(one => one.Name == role);
        ActorProcess actor = ActorProcess.Start(
            this, _experiment.Name, played, name ?? role, descriptors ?? new Dictionary<int, SafeHandle>(), group);
        _actors.Add(actor);
        Seen(actor.Name, $"starts as pid {actor.Id}", LabEventKind.Starts, actor.Id);
        return actor;
    }

    /// <summary>Kills another process at the end of the experiment, if it still lives.</summary>
    public void EndsWithLab(int id) => _others.Add(ProcessHandle.Open(id));

    /// <summary>Disposes an object at the end of the experiment.</summary>
    public T Keep<T>(T kept)
        where T : IDisposable
    {
        _kept.Add(kept);
        return kept;
    }

    /// <summary>Says something in the lab's lane.</summary>
    public void Says(string text) => Report(LabEventKind.Says, text);

    /// <summary>Shows what the kernel tells about a process, in its lane.</summary>
    public void Seen(string lane, string text, LabEventKind kind = LabEventKind.Seen, int id = 0) =>
        Add(new LabEvent(TimeProvider.System.GetTimestamp(), kind, text) { Lane = lane, Id = id });

    /// <summary>Reports an event in the lab's lane.</summary>
    public void Report(LabEventKind kind, string text, string? link = null) =>
        Add(new LabEvent(TimeProvider.System.GetTimestamp(), kind, text, link) { Lane = Lane });

    /// <summary>Adds an event. Any thread: if an event cannot be shown, the experiment ends with that exception.</summary>
    public void Add(LabEvent happened)
    {
        lock (_gate)
        {
            _events.Add(happened);
            if (happened.IsShown)
            {
                _narration.Add(happened);
            }
        }

        if (!_isInOrder)
        {
            Narrate(_narration.ShowAll);
        }
    }

    /// <summary>Shows the events that are still held back.</summary>
    public void EndNarration()
    {
        Narrate(_narration.ShowAll);
        ThrowIfEnded();
    }

    /// <summary>Checks a claim.</summary>
    /// <param name="text">The sentence.</param>
    /// <param name="holds">Whether it is true.</param>
    /// <param name="measured">The measurement.</param>
    public void Claim(string text, bool holds, string measured)
    {
        ThrowIfEnded();
        _claims.Add(new Claim(text, holds, measured));
    }

    /// <summary>Waits for a task, at most for the limit of a step.</summary>
    /// <exception cref="ToolException">Timeout: it has not completed in time.</exception>
    public async Task WaitAsync(Task task, string what)
    {
        try
        {
            await task.WaitAsync(Limit, TimeProvider.System, _end.Token);
        }
        catch (TimeoutException)
        {
            throw TooLate(what);
        }
        catch (OperationCanceledException)
        {
            ThrowIfEnded();
            throw;
        }
    }

    /// <summary>Waits for a state that the kernel reports without an event.</summary>
    /// <exception cref="ToolException">Timeout: it has not come in time.</exception>
    public async Task UntilAsync(Func<bool> isSo, string what)
    {
        long began = TimeProvider.System.GetTimestamp();
        using PeriodicTimer timer = new(Look, TimeProvider.System);
        while (!isSo())
        {
            ThrowIfEnded();
            if (TimeProvider.System.GetElapsedTime(began) > Limit)
            {
                throw TooLate(what);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ActorProcess actor in _actors)
        {
            await actor.DisposeAsync();
        }

        foreach (ProcessHandle other in _others)
        {
            using (other)
            {
                if (!other.HasExited)
                {
                    other.Send(Signal.Kill);
                }
            }
        }

        foreach (IDisposable kept in _kept)
        {
            kept.Dispose();
        }

        await _narrating.DisposeAsync();
        Narrate(_narration.ShowAll);
        Directory.Delete(Folder, recursive: true);
        _end.Dispose();
    }

    private void Narrate(Action show)
    {
        lock (_gate)
        {
            if (_failure is not null)
            {
                return;
            }

            try
            {
                show();
            }
            catch (Exception exception)
            {
                _failure = ExceptionDispatchInfo.Capture(exception);

                // On another thread: the callbacks must not run inside the gate.
                _ = _end.CancelAsync();
            }
        }
    }

    /// <summary>Throws the failure of the narration, or that the tool is to end.</summary>
    private void ThrowIfEnded()
    {
        lock (_gate)
        {
            _failure?.Throw();
        }

        _end.Token.ThrowIfCancellationRequested();
    }

    private ToolException TooLate(string what) => new(
        ExitCode.Timeout, $"{_experiment.Name}: not seen within {Limit.TotalSeconds:0} s: {what}. Give it more time with --timeout");
}
