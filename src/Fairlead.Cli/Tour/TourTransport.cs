using Fairlead.Transports;

namespace Fairlead.Cli.Tour;

/// <summary>A transport on the tour. The library says which there are; a new one gets its rows by itself.</summary>
internal sealed record TourTransport(string Scheme)
{
    public static IReadOnlyList<TourTransport> All { get; } = [.. TransportCatalog.Schemes.Select(static scheme => new TourTransport(scheme))];

    /// <summary>Whether it leads from one process to another; what does not is shown inside one.</summary>
    public bool CrossesProcesses => Scheme != "inproc";

    /// <summary>A place of that name, or, where there are no names, on this host at a free port.</summary>
    public Address AddressNamed(string name) =>
        Address.TryParse($"{Scheme}://{name}", out var named) ? named : Address.Parse($"{Scheme}://127.0.0.1:0");
}
