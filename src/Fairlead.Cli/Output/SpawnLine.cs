namespace Fairlead.Cli.Output;

/// <summary>A child as a line of JSON, printed when it has started and when it has ended.</summary>
internal sealed record SpawnLine
{
    public required int Pid { get; init; }

    public required int Group { get; init; }

    /// <summary>Its exit code, if it exited.</summary>
    public int? Exit { get; init; }

    /// <summary>The signal that killed it.</summary>
    public string? Signal { get; init; }
}
