
namespace Fairlead.Cli.Tour;

/// <summary>
/// The common part of rows of the tour: a transport, or the locks. The library lists the transports; a new one gets its rows automatically.
/// </summary>
/// <param name="Name">The scheme of a transport, or <c>locks</c>.</param>
internal abstract record TourGround(string Name)
{
    /// <summary>All of them. TLS to a broker has no rows: they would be the same.</summary>
    public static IReadOnlyList<TourGround> All { get; } =
    [
        .. TransportCatalog.Schemes.Where(static scheme => scheme != "amqps").Select(static scheme => new TourTransport(scheme)),
        new TourLocks(),
    ];

    /// <summary>Whether its rows need a broker.</summary>
    public bool NeedsBroker => Name == "amqp";

    /// <summary>Whether its ends need certificates.</summary>
    public bool NeedsCertificates => Name == "tls";

    /// <summary>Returns its rows, in order.</summary>
    /// <param name="name">The prefix for the places of this tour.</param>
    /// <param name="broker">The nodes of the broker for the rows that need one.</param>
    public abstract IEnumerable<TourPlay> Plays(string name, string? broker);
}
