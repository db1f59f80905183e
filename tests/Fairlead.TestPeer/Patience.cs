using System.Globalization;

namespace Fairlead.TestPeer;

/// <summary>Options of peers on a busy machine, where no test is about how long a handshake takes.</summary>
/// <remarks>A test that is sets <c>FAIRLEAD_PATIENCE</c>, in seconds.</remarks>
internal static class Patience
{
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_PATIENCE") ?? "60", CultureInfo.InvariantCulture));

    public static EndpointOptions Options { get; } = new() { HandshakeTimeout = Time };
}
