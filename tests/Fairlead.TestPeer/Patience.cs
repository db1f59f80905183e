namespace Fairlead.TestPeer;

/// <summary>Options of peers on a busy machine, where no test is about how long a handshake takes.</summary>
internal static class Patience
{
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(60);

    public static EndpointOptions Options { get; } = new() { HandshakeTimeout = Time };
}
