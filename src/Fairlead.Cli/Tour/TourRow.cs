namespace Fairlead.Cli.Tour;

/// <summary>One line of the tour's table.</summary>
/// <param name="Ground">The scheme of the transport, or <c>locks</c>.</param>
/// <param name="Scenario">The communication type or model, or the lock.</param>
/// <param name="Processes">The number of processes.</param>
internal sealed record TourRow(string Ground, Scenario Scenario, int Processes)
{
    /// <summary>Messages that arrived, at all ends together.</summary>
    public int Messages { get; init; }

    /// <summary>Bytes of the input in them.</summary>
    public long Bytes { get; init; }

    /// <summary>How often all processes together entered a lock.</summary>
    public int Entries { get; init; }

    /// <summary>Microseconds; null without a measurement.</summary>
    public double? Median { get; init; }

    /// <summary>Microseconds; null without a measurement.</summary>
    public double? P99 { get; init; }

    /// <summary>
    /// The fault: messages lost, duplicated, reordered or altered, a broken lock, or a failed process; null if all is well.
    /// </summary>
    public string? Problem { get; init; }

    /// <summary>Why the transport does not support this; null if it does.</summary>
    public string? Refusal { get; init; }

    public bool IsIntact => Problem is null && Refusal is null;
}
