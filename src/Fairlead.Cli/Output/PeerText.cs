namespace Fairlead.Cli.Output;

/// <summary>Names the peers of a connected endpoint, and this end of each connection if it has an address.</summary>
internal static class PeerText
{
    public static string Of(MessagingEndpoint connected) => string.Join(", ", connected.Peers.Select(Of));

    private static string Of(Peer peer) => peer.LocalAddress is { } local ? $"{peer}, from {local}" : $"{peer}";
}
