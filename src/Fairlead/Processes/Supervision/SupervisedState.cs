namespace Fairlead.Processes;

/// <summary>A child of a <see cref="ChildSupervisor"/> as it is at one moment.</summary>
public sealed record SupervisedState
{
    internal SupervisedState()
    {
    }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it does.</summary>
    public required SupervisedStatus Status { get; init; }

    /// <summary>Its process; null if it does not run.</summary>
    public int? ProcessId { get; init; }

    /// <summary>How often it was started again.</summary>
    public required int Restarts { get; init; }

    /// <summary>How it ended the last time; null if it never ended, or its status is unknown.</summary>
    public ChildExit? LastExit { get; init; }

    /// <summary>Why it was given up; null if it was not.</summary>
    public string? Reason { get; init; }
}
