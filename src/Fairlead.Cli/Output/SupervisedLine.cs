using Fairlead.Processes;

namespace Fairlead.Cli.Output;

/// <summary>A change of a supervised child as a line of JSON.</summary>
internal sealed record SupervisedLine
{
    public required string Child { get; init; }

    /// <summary>What happened: <c>started</c>, <c>exited</c>, <c>givenUp</c>.</summary>
    public required string Change { get; init; }

    public int? Pid { get; init; }

    /// <summary>Its exit code, if it exited.</summary>
    public int? Exit { get; init; }

    /// <summary>The signal that killed it.</summary>
    public string? Signal { get; init; }

    /// <summary>The seconds until it is started again.</summary>
    public double? Pause { get; init; }

    /// <summary>Why it was given up, or could not be started.</summary>
    public string? Reason { get; init; }

    public static SupervisedLine Of(SupervisedChange change) => new()
    {
        Child = change.Child,
        Change = char.ToLowerInvariant(change.GetType().Name[0]) + change.GetType().Name[1..],
        Pid = change switch
        {
            SupervisedChange.Started started => started.ProcessId,
            SupervisedChange.Ready ready => ready.ProcessId,
            SupervisedChange.Exited exited => exited.ProcessId,
            SupervisedChange.NotEnded running => running.ProcessId,
            _ => null,
        },
        Exit = ((change as SupervisedChange.Exited)?.Exit as ChildExit.Exited)?.Code,
        Signal = ((change as SupervisedChange.Exited)?.Exit as ChildExit.Killed)?.Signal.Name,
        Pause = (change as SupervisedChange.Restarting)?.Pause.TotalSeconds,
        Reason = (change as SupervisedChange.GivenUp)?.Reason ?? (change as SupervisedChange.NotStarted)?.Error.Message,
    };
}
