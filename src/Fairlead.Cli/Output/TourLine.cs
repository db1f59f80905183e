using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Output;

/// <summary>A row of the tour as a line of JSON.</summary>
internal sealed record TourLine
{
    public required string Transport { get; init; }

    public required string Pattern { get; init; }

    /// <summary>How many took part.</summary>
    public required int Processes { get; init; }

    /// <summary>Messages that arrived, at all ends together.</summary>
    public required int Messages { get; init; }

    public required long Bytes { get; init; }

    public double? MedianMicroseconds { get; init; }

    public double? P99Microseconds { get; init; }

    /// <summary>Null where the transport refused.</summary>
    public bool? Intact { get; init; }

    /// <summary>What was lost, doubled, reordered or altered, or which process failed.</summary>
    public string? Problem { get; init; }

    /// <summary>Why the transport does not do this.</summary>
    public string? Refused { get; init; }

    public static TourLine Of(TourRow row) => new()
    {
        Transport = row.Transport,
        Pattern = row.Scenario.Name,
        Processes = row.Processes,
        Messages = row.Messages,
        Bytes = row.Bytes,
        MedianMicroseconds = row.Median,
        P99Microseconds = row.P99,
        Intact = row.Refusal is null ? row.IsIntact : null,
        Problem = row.Problem,
        Refused = row.Refusal,
    };
}
