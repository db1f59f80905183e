namespace Fairlead.Processes;

/// <summary>The settings of a <see cref="ChildSupervisor"/>.</summary>
public sealed record ChildSupervisorOptions
{
    /// <summary>Which children are restarted together with one that has failed. Default: none.</summary>
    public RestartStrategy Strategy { get; init; }

    /// <summary>
    /// Whether the kernel kills the children when this process ends in any way (<see cref="ChildProcessOptions.TiedToParent"/>). Default:
    /// true. Programs that run as another user (set-user-id) cannot be tied.
    /// </summary>
    public bool TiesChildren { get; init; } = true;

    /// <summary>
    /// Gets every change, in order, one at a time, on a thread of the pool. A handler that blocks delays later reports and nothing else. An
    /// exception of it goes to the event source.
    /// </summary>
    public Action<SupervisedChange>? Changed { get; init; }

    /// <summary>The clock of pauses and limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
