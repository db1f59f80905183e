namespace Fairlead.TestPeer;

/// <summary>Options of peers that connect on a busy machine, where no test is about how long a handshake takes.</summary>
internal static class Patience
{
    public static EndpointOptions Options { get; } = new() { HandshakeTimeout = TimeSpan.FromSeconds(60) };
}
