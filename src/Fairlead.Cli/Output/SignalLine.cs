namespace Fairlead.Cli.Output;

/// <summary>What was sent a signal, or was asked for, as a line of JSON.</summary>
internal sealed record SignalLine
{
    public required int Pid { get; init; }

    /// <summary>What <c>PID@START</c> takes; not there where a group was meant whose first process has ended.</summary>
    public long? Start { get; init; }

    public string? Program { get; init; }

    /// <summary>Whether all of the group was meant.</summary>
    public required bool Group { get; init; }

    /// <summary>Not there where it was only asked for.</summary>
    public string? Signal { get; init; }

    public int? Value { get; init; }

    public string[]? Pending { get; init; }

    public string[]? Blocked { get; init; }

    public string[]? Ignored { get; init; }

    public string[]? Caught { get; init; }
}
