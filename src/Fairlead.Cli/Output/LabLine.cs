namespace Fairlead.Cli.Output;

/// <summary>A line of an experiment: an event, a claim, or, in the list, the experiment itself.</summary>
/// <param name="Experiment">The name of the experiment.</param>
internal sealed record LabLine(string Experiment)
{
    /// <summary>In the list: the question.</summary>
    public string? Question { get; init; }

    /// <summary>The kind of the event.</summary>
    public string? Event { get; init; }

    /// <summary>The time of the event, since the experiment began.</summary>
    public double? Microseconds { get; init; }

    /// <summary>The process of the event; <c>lab</c> is the tool itself.</summary>
    public string? Process { get; init; }

    /// <summary>Its process ID.</summary>
    public int? Id { get; init; }

    public string? Text { get; init; }

    /// <summary>The same text at the sending and the receipt of a message; the target of a signal.</summary>
    public string? Link { get; init; }

    public string? Claim { get; init; }

    public bool? Holds { get; init; }

    /// <summary>The measurement that decides the claim.</summary>
    public string? Measured { get; init; }
}
