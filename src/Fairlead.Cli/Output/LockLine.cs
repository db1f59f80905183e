using Fairlead.Synchronization;

namespace Fairlead.Cli.Output;

/// <summary>A lock with its owners and waiters, as a line of JSON.</summary>
internal sealed record LockLine
{
    public required string Lock { get; init; }

    public required string Kind { get; init; }

    /// <summary>Absent if there is nothing else to report.</summary>
    public string? State { get; init; }

    public required PartyLine[] Holders { get; init; }

    /// <summary>In the order in which they will enter.</summary>
    public required PartyLine[] Waiters { get; init; }

    public static LockLine Of(NamedLockInfo found) => new()
    {
        Lock = found.Name,
        Kind = found.Kind,
        State = found.State,
        Holders = [.. found.Holders.Select(PartyLine.Of)],
        Waiters = [.. found.Waiters.Select(PartyLine.Of)],
    };
}
