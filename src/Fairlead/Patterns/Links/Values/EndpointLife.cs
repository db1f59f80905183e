using System.Diagnostics;

namespace Fairlead.Patterns.Links.Values;

/// <summary>
/// Holds the phase of an endpoint, and the tasks that complete when everything is drained and when nothing is left.
/// </summary>
/// <remarks>
/// <para>Owns the phase, both tasks and the final report. The phase only goes forward:</para>
/// <code>
///   Open ──TryBeginClose──► Closing ──TryEnd──► Closed ──SetTornDown──► TornDown
///     └──────────────TryEnd────────────────────────▲
/// </code>
/// <para>
/// A thread changes the phase under the endpoint's gate; any thread reads it. <c>EndpointCore</c> calls the methods and keeps their
/// order. <c>Pump</c> and the other parts of the endpoint read the phase.
/// </para>
/// </remarks>
/// <param name="owner">The pattern, which <see cref="ThrowIfClosing"/> names.</param>
internal sealed class EndpointLife(object owner)
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _drained;
    private CloseReport _report;
    private volatile EndpointPhase _phase;
    private bool _isRetired;
    private bool _isAborted;

    /// <summary>Whether nothing new may be sent or received.</summary>
    public bool IsClosing => _phase != EndpointPhase.Open;

    /// <summary>Whether the thread that leaves the pump's role tears the endpoint down.</summary>
    public bool IsClosed => _phase >= EndpointPhase.Closed;

    /// <summary>Whether nothing is left of the endpoint.</summary>
    public bool IsTornDown => _phase == EndpointPhase.TornDown;

    /// <summary>Whether the endpoint ended without closing first.</summary>
    public bool IsAborted => _isAborted;

    /// <summary>Whether the endpoint refuses new connections. Under the gate.</summary>
    public bool TakesNoPeers => _isRetired || IsClosed;

    /// <summary>Completes after the last step of the tear-down.</summary>
    public Task Gone => _gone.Task;

    /// <summary>The outcomes of all messages; known when <see cref="Gone"/> is complete.</summary>
    public CloseReport Report => _report;

    /// <summary>Whether a caller waits until everything is drained.</summary>
    public bool IsDraining => Volatile.Read(ref _drained) is not null;

    /// <exception cref="ObjectDisposedException">The endpoint closes, or has closed.</exception>
    public void ThrowIfClosing() => ObjectDisposedException.ThrowIf(IsClosing, owner);

    /// <summary>Stops sending and handing out. False if the endpoint closes already. Under the gate.</summary>
    public bool TryBeginClose()
    {
        if (IsClosing)
        {
            return false;
        }

        Enter(EndpointPhase.Closing);
        return true;
    }

    /// <summary>Hands the endpoint over to the tear-down. False if that has happened already. Under the gate.</summary>
    public bool TryEnd()
    {
        if (IsClosed)
        {
            return false;
        }

        _isAborted = _phase == EndpointPhase.Open;
        Enter(EndpointPhase.Closed);
        return true;
    }

    /// <summary>Notes that nothing is left of the endpoint. Under the gate.</summary>
    public void SetTornDown() => Enter(EndpointPhase.TornDown);

    /// <summary>Before <see cref="SetGone"/>. Under the gate.</summary>
    public void SetReport(CloseReport report) => _report = report;

    /// <summary>Refuses new connections from here on. False if it does so already. Under the gate.</summary>
    public bool TryRetire() => !_isRetired && (_isRetired = true);

    /// <summary>Returns a task that <see cref="TryEndDrain"/> completes. Called once.</summary>
    public Task BeginDrain()
    {
        TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _drained, drained);
        return drained.Task;
    }

    /// <summary>Completes the task of <see cref="BeginDrain"/>. False if there is none, or it is complete already.</summary>
    public bool TryEndDrain() => Volatile.Read(ref _drained)?.TrySetResult() == true;

    /// <summary>Completes <see cref="Gone"/>: the last step of the tear-down.</summary>
    public void SetGone()
    {
        Debug.Assert(IsTornDown, $"An endpoint is gone that is {_phase}.");
        _gone.TrySetResult();
    }

    private void Enter(EndpointPhase next)
    {
        Debug.Assert(
            (_phase, next) is (EndpointPhase.Open, EndpointPhase.Closing)
                or (EndpointPhase.Open or EndpointPhase.Closing, EndpointPhase.Closed)
                or (EndpointPhase.Closed, EndpointPhase.TornDown),
            $"An endpoint that is {_phase} becomes {next}.");
        _phase = next;
    }
}

/// <summary>The phases of an endpoint's life.</summary>
internal enum EndpointPhase : byte
{
    Open,

    /// <summary>The endpoint sends and hands out nothing new, and finishes what is under way.</summary>
    Closing,

    /// <summary>The thread that has the pump's role tears the endpoint down.</summary>
    Closed,

    /// <summary>Nothing is left of the endpoint.</summary>
    TornDown,
}
