using System.Runtime.CompilerServices;

namespace Fairlead;

/// <summary>Compares peers by the client that they belong to, as <see cref="Peer.ClientComparer"/> says. Without state.</summary>
internal sealed class ClientComparer : IEqualityComparer<Peer>
{
    public static readonly ClientComparer Instance = new();

    private ClientComparer()
    {
    }

    public bool Equals(Peer? x, Peer? y)
    {
        if (x is null || y is null || ReferenceEquals(x, y))
        {
            return ReferenceEquals(x, y);
        }

        return x.Certificate is not null || y.Certificate is not null ? x.Certificate?.Fingerprint == y.Certificate?.Fingerprint
            : x.ProcessId is not null || y.ProcessId is not null ? x.ProcessId == y.ProcessId && x.UserId == y.UserId
            : x.RemoteAddress is not null || y.RemoteAddress is not null ? HostOf(x).SequenceEqual(HostOf(y))
            : x.UserId is not null && x.UserId == y.UserId;
    }

    public int GetHashCode(Peer peer) =>
        peer.Certificate is { } certificate ? certificate.Fingerprint.GetHashCode(StringComparison.Ordinal)
        : peer.ProcessId is { } process ? process
        : peer.RemoteAddress is not null ? string.GetHashCode(HostOf(peer))
        : peer.UserId is { } user ? (int)user
        : RuntimeHelpers.GetHashCode(peer);

    // The port is of one connection. A host of IPv6 stands in brackets.
    private static ReadOnlySpan<char> HostOf(Peer peer)
    {
        ReadOnlySpan<char> address = peer.RemoteAddress;
        int port = address.LastIndexOf(':');
        return port < 0 ? address : address[..port];
    }
}
