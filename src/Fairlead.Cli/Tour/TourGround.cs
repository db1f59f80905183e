
namespace Fairlead.Cli.Tour;

/// <summary>
/// The common part of rows of the tour: a transport, or the locks. The library lists the transports; a new one gets its rows automatically.
/// </summary>
/// <param name="Name">The scheme of a transport, or <c>locks</c>.</param>
internal abstract record TourGround(string Name)
{
    public static IReadOnlyList<TourGround> All { get; } =
    [.. TransportCatalog.Schemes.Select(static scheme => new TourTransport(scheme)), new TourLocks()];

    /// <summary>Returns its rows, in order.</summary>
    /// <param name="name">The prefix for the places of this tour.</param>
    public abstract IEnumerable<TourPlay> Plays(string name);
}
