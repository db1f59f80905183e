namespace Fairlead.Cli.Output;

/// <summary>A child as a line of JSON, when it has been started and when it has ended.</summary>
internal sealed record SpawnLine
{
    public required int Pid { get; init; }

    public required int Group { get; init; }

    /// <summary>Its exit code, when it has ended by itself.</summary>
    public int? Exit { get; init; }

    /// <summary>What killed it.</summary>
    public string? Signal { get; init; }
}
