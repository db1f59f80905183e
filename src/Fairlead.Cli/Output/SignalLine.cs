namespace Fairlead.Cli.Output;

/// <summary>The target of a signal or probe, as a line of JSON.</summary>
internal sealed record SignalLine
{
    public required int Pid { get; init; }

    /// <summary>The start time for <c>PID@START</c>; absent for a group whose first process has ended.</summary>
    public long? Start { get; init; }

    public string? Program { get; init; }

    /// <summary>Whether the target is a group.</summary>
    public required bool Group { get; init; }

    /// <summary>Absent for a probe.</summary>
    public string? Signal { get; init; }

    public int? Value { get; init; }

    public string[]? Pending { get; init; }

    public string[]? Blocked { get; init; }

    public string[]? Ignored { get; init; }

    public string[]? Caught { get; init; }
}
