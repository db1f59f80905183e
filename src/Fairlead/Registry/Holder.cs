namespace Fairlead.Registry;

/// <summary>The holder of a name, and since when, if known.</summary>
internal sealed record Holder(Peer Peer, DateTimeOffset? Since = null)
{
    /// <summary>What to add to the peer, such as <c> in another pid namespace</c>.</summary>
    public string Remark { get; init; } = "";

    /// <summary>Returns <c>pid 4242 (fairlead reply unix://calc), since 12:03:01</c>, with the date if that is not today.</summary>
    public override string ToString() => Since is { } since ? $"{Peer}{Remark}, since {LocalTime.Format(since)}" : $"{Peer}{Remark}";
}
