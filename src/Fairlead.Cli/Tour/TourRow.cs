namespace Fairlead.Cli.Tour;

/// <summary>One line of the tour's table.</summary>
/// <param name="Ground">The scheme of the transport, or <c>locks</c>.</param>
/// <param name="Scenario">The communication type or model, or the lock.</param>
/// <param name="Processes">How many took part.</param>
internal sealed record TourRow(string Ground, Scenario Scenario, int Processes)
{
    /// <summary>Messages that arrived, at all ends together.</summary>
    public int Messages { get; init; }

    /// <summary>Bytes of the input in them.</summary>
    public long Bytes { get; init; }

    /// <summary>How often a lock was entered, by all processes together.</summary>
    public int Entries { get; init; }

    /// <summary>Microseconds; null where nothing was measured.</summary>
    public double? Median { get; init; }

    /// <summary>Microseconds; null where nothing was measured.</summary>
    public double? P99 { get; init; }

    /// <summary>
    /// What was lost, doubled, reordered or altered, what a lock did not keep, or which process failed; null when all is well.
    /// </summary>
    public string? Problem { get; init; }

    /// <summary>Why the transport does not do this; null when it does.</summary>
    public string? Refusal { get; init; }

    public bool IsIntact => Problem is null && Refusal is null;
}
