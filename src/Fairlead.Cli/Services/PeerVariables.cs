using System.Globalization;
using System.Net;

namespace Fairlead.Cli.Services;

/// <summary>
/// The environment variables by which a program learns who its client is, as <c>tcpserver</c> and <c>unixserver</c> set them (UCSPI).
/// Variables that the server itself has inherited, and that do not fit, are removed.
/// </summary>
internal static class PeerVariables
{
    public static Dictionary<string, string?> Of(SocketConnection connection)
    {
        var peer = connection.Peer;
        var remote = EndOf(peer.RemoteAddress);
        var local = EndOf(connection.LocalAddress);
        return new Dictionary<string, string?>(Of(peer))
        {
            ["PROTO"] = remote is null ? "UNIX" : "TCP",
            ["TCPREMOTEIP"] = Ip(remote),
            ["TCPREMOTEPORT"] = Text(remote?.Port),
            ["TCPLOCALIP"] = Ip(local),
            ["TCPLOCALPORT"] = Text(local?.Port),
            ["UNIXREMOTEPID"] = remote is null ? Text(peer.ProcessId) : null,
            ["UNIXREMOTEEUID"] = remote is null ? Text(peer.UserId) : null,
            ["UNIXREMOTEEGID"] = remote is null ? Text(peer.GroupId) : null,
        };
    }

    /// <summary>Returns those that every command gets, whatever the transport.</summary>
    public static Dictionary<string, string?> Of(Peer peer) => new()
    {
        ["FAIRLEAD_PEER"] = peer.ToString(),
        ["FAIRLEAD_PEER_PID"] = Text(peer.ProcessId),
        ["FAIRLEAD_PEER_UID"] = Text(peer.UserId),
        ["FAIRLEAD_PEER_ADDRESS"] = peer.RemoteAddress,
        ["FAIRLEAD_PEER_CERTIFICATE"] = peer.Certificate?.Name,
    };

    private static IPEndPoint? EndOf(string? address) => IPEndPoint.TryParse(address ?? "", out var end) ? end : null;

    private static string? Ip(IPEndPoint? end) =>
        end is null ? null : (end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address).ToString();

    private static string? Text(long? number) => number?.ToString(CultureInfo.InvariantCulture);
}
