using System.Globalization;

namespace Fairlead.Conformance;

/// <summary>Where a lock lies, as tests and peers tell each other: <c>name:NAME</c>, or <c>region:NAME:OFFSET</c> in a region that is there.</summary>
public static class LockPlaceText
{
    /// <summary>The mutex of a place.</summary>
    public static NamedMutex Mutex(string place, NamedMutexOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(place);
        string[] parts = place.Split(':');
        if (parts[0] == "name")
        {
            return NamedMutex.Open(parts[1], options);
        }

        using var region = SharedRegion.Open(parts[1]);
        return NamedMutex.In(region, long.Parse(parts[2], CultureInfo.InvariantCulture), options);
    }
}
