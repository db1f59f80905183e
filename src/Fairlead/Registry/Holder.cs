namespace Fairlead.Registry;

/// <summary>Who holds a name, and since when as far as it is known.</summary>
internal sealed record Holder(Peer Peer, DateTimeOffset? Since = null)
{
    /// <summary><c>pid 4242 (fairlead reply unix://calc), since 12:03:01</c>, with the day when that is not today.</summary>
    public override string ToString() => Since is { } since ? $"{Peer}, since {LocalTime.Format(since)}" : Peer.ToString();
}
