using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fairlead.Tests.Conformance;

/// <summary>
/// TCP on ports outside the kernel's ephemeral range: if a server returns to its port, no foreign connection can have got it meanwhile.
/// </summary>
internal sealed class FixedPortUnderTest : TcpUnderTest
{
    /// <summary>Above the ports of well-known services.</summary>
    private const int First = 10_000;

    /// <summary>The first port of the kernel's ephemeral range.</summary>
    private static readonly int Last = int.Parse(
        File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t')[0], CultureInfo.InvariantCulture);

    private static int _next = Random.Shared.Next(First, Math.Max(First + 1, Last));

    public override Address NewPlace() => string.Create(CultureInfo.InvariantCulture, $"tcp://127.0.0.1:{NewPort(SocketType.Stream)}");

    /// <summary>Returns an unused port.</summary>
    public static int NewPort(SocketType type)
    {
        Assert.True(First < Last, $"The kernel lends all ports from {Last} on: there is none for a server to come back to.");
        while (true)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % (uint)(Last - First));
            using Socket probe = new(AddressFamily.InterNetwork, type, type == SocketType.Stream ? ProtocolType.Tcp : ProtocolType.Udp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Try the next one.
            }
        }
    }
}
