using System.Globalization;

namespace Fairlead.Registry;

/// <summary>Who holds a name, and since when as far as it is known.</summary>
internal sealed record Holder(Peer Peer, DateTimeOffset? Since = null)
{
    /// <summary><c>pid 4242 (fairlead reply unix://calc), since 12:03:01</c>, with the day when that is not today.</summary>
    public override string ToString()
    {
        if (Since is not { } since)
        {
            return Peer.ToString();
        }

        var local = since.ToLocalTime();
        var today = TimeProvider.System.GetLocalNow().Date == local.Date;
        return string.Create(CultureInfo.InvariantCulture, $"{Peer}, since {local.ToString(today ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}");
    }
}
