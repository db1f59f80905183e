using System.Globalization;

namespace Fairlead;

/// <summary>The process at the other end. Each part is present only if the kernel or the peer's handshake reports it.</summary>
public sealed record Peer
{
    /// <summary>How many characters of a command line <see cref="ToString"/> returns, which errors print.</summary>
    private const int LongestProgram = 80;

    /// <summary>
    /// Compares peers by the client that they belong to, so that limits can apply to a client with several connections. Peers are equal if
    /// they have the same certificate; without one, the same process and user; without these, the same network address, whatever its port;
    /// without that, the same user. A peer of which nothing is known is equal only to itself.
    /// </summary>
    /// <remarks>It compares nothing that a peer says of itself, such as <see cref="Program"/>.</remarks>
    /// <example><c>Dictionary&lt;Peer, int> calls = new(Peer.ClientComparer)</c></example>
    public static IEqualityComparer<Peer> ClientComparer => Fairlead.ClientComparer.Instance;

    /// <summary>The process id, in this process's pid namespace.</summary>
    public int? ProcessId { get; init; }

    /// <summary>The effective user id at the time of connecting.</summary>
    public uint? UserId { get; init; }

    /// <summary>The effective group id at the time of connecting.</summary>
    public uint? GroupId { get; init; }

    /// <summary>The command line, shortened to the program's file name and its arguments.</summary>
    public string? Program { get; init; }

    /// <summary>The network address of a peer that may be on another machine: <c>10.0.0.7:5242</c>.</summary>
    public string? RemoteAddress { get; init; }

    /// <summary>
    /// The address of this end of the connection: <c>10.0.0.2:43210</c> on <c>tcp</c>, <c>tls</c> and <c>udp</c>; on <c>unix</c>,
    /// <c>unixpacket</c> and <c>shm</c> the path or <c>@name</c> at which this end was bound. Null if this end has none.
    /// </summary>
    /// <remarks>
    /// A <c>udp</c> endpoint that is bound to every interface reports that, such as <c>0.0.0.0:5242</c>: the kernel does not tell which
    /// address the peer used.
    /// </remarks>
    public string? LocalAddress { get; init; }

    /// <summary>The verified certificate of a peer that showed one (<c>tls://</c>).</summary>
    public PeerCertificate? Certificate { get; init; }

    /// <summary>Returns text for people: <c>pid 4242 (fairlead reply unix://calc)</c>, <c>10.0.0.7:5242</c>, or
    /// <c>alice (10.0.0.7:5242)</c> with a certificate. It has at most 80 characters of the program.</summary>
    public override string ToString()
    {
        if (ProcessId is { } pid)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"pid {pid}");
            return Program is null ? name : $"{name} ({PlainText.Cut(Program, LongestProgram)})";
        }

        if (Certificate is { } certificate)
        {
            return RemoteAddress is null ? certificate.Name : $"{certificate.Name} ({RemoteAddress})";
        }

        return RemoteAddress
            ?? (Program is null ? null : PlainText.Cut(Program, LongestProgram))
            ?? (UserId is { } uid ? string.Create(CultureInfo.InvariantCulture, $"a process of uid {uid}") : "an unknown process");
    }
}
