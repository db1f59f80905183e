
namespace Fairlead.Cli.Tour;

/// <summary>
/// What rows of the tour have in common: a transport, or the locks. The library says which transports there are; a new one gets its rows by
/// itself.
/// </summary>
/// <param name="Name">The scheme of a transport, or <c>locks</c>.</param>
internal abstract record TourGround(string Name)
{
    public static IReadOnlyList<TourGround> All { get; } =
    [.. TransportCatalog.Schemes.Select(static scheme => new TourTransport(scheme)), new TourLocks()];

    /// <summary>Its rows, in their order.</summary>
    /// <param name="name">What the places of this tour are called.</param>
    public abstract IEnumerable<TourPlay> Plays(string name);
}
