using System.Net.Sockets;
using System.Security.Authentication;

namespace Fairlead.Tests.Conformance;

/// <summary>The threads that carry bytes between the raw sockets of tests and a transport.</summary>
internal static class Bridging
{
    /// <summary>Starts a thread. It handles what <see cref="WasCut"/> accepts: any other exception is an error, and ends the run.</summary>
    public static void Start(ThreadStart body) => new Thread(body) { IsBackground = true }.Start();

    /// <summary>
    /// Whether a side of the bridge is gone: closed by the test, by the endpoint, or by the thread that carries the other direction.
    /// </summary>
    public static bool WasCut(Exception exception) =>
        exception is SocketException or IOException or ObjectDisposedException or AuthenticationException;
}
