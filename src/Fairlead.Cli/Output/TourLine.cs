using Fairlead.Cli.Tour;
using Fairlead.Cli.Tour.Locks;

namespace Fairlead.Cli.Output;

/// <summary>A row of the tour as a line of JSON.</summary>
internal sealed record TourLine
{
    /// <summary><c>locks</c> for a row without a transport.</summary>
    public required string Transport { get; init; }

    public required string Pattern { get; init; }

    /// <summary>The number of processes.</summary>
    public required int Processes { get; init; }

    /// <summary>Messages that arrived, at all ends together. Absent for a lock.</summary>
    public int? Messages { get; init; }

    /// <summary>Absent for a lock.</summary>
    public long? Bytes { get; init; }

    /// <summary>How often all processes together entered a lock.</summary>
    public int? Entries { get; init; }

    public double? MedianMicroseconds { get; init; }

    public double? P99Microseconds { get; init; }

    /// <summary>Null if the transport refused.</summary>
    public bool? Intact { get; init; }

    /// <summary>The fault: messages lost, duplicated, reordered or altered, a broken lock, or a failed process.</summary>
    public string? Problem { get; init; }

    /// <summary>Why the transport does not support the pattern.</summary>
    public string? Refused { get; init; }

    public static TourLine Of(TourRow row) => new()
    {
        Transport = row.Ground,
        Pattern = row.Scenario.Name,
        Processes = row.Processes,
        Messages = row.Scenario is LockScenario ? null : row.Messages,
        Bytes = row.Scenario is LockScenario ? null : row.Bytes,
        Entries = row.Scenario is LockScenario ? row.Entries : null,
        MedianMicroseconds = row.Median,
        P99Microseconds = row.P99,
        Intact = row.Refusal is null ? row.IsIntact : null,
        Problem = row.Problem,
        Refused = row.Refusal,
    };
}
