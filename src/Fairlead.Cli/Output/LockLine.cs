namespace Fairlead.Cli.Output;

/// <summary>A lock, who is inside, and who waits, as a line of JSON.</summary>
internal sealed record LockLine
{
    public required string Lock { get; init; }

    public required string Kind { get; init; }

    /// <summary>Not there where nobody is inside.</summary>
    public PartyLine? Holder { get; init; }

    /// <summary>In the order in which they will enter.</summary>
    public required PartyLine[] Waiters { get; init; }

    public static LockLine Of(NamedLockInfo found) => new()
    {
        Lock = found.Name,
        Kind = found.Kind,
        Holder = found.Holder is { } holder ? PartyLine.Of(holder) : null,
        Waiters = [.. found.Waiters.Select(PartyLine.Of)],
    };
}
