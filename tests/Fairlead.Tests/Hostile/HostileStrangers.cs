using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

public static class HostileCuts
{
    public sealed class UnixName(ITestOutputHelper output) : HostileCutTests(new UnixNameUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : HostileCutTests(new TcpUnderTest(), output);

    public sealed class Tls(ITestOutputHelper output) : HostileCutTests(new TlsUnderTest(), output);
}

public static class HostileServers
{
    [SlowRun(Reason = "strangers crowd a server")]
    public sealed class UnixName(ITestOutputHelper output) : HostileServerTests(new UnixNameUnderTest(), output);

    [FullRun(Reason.Repeats)]
    public sealed class Tcp(ITestOutputHelper output) : HostileServerTests(new TcpUnderTest(), output);
}

public static class HostileWindows
{
    public sealed class UnixName(ITestOutputHelper output) : HostileWindowTests(new UnixNameUnderTest(), output);

    public sealed class UnixPacket(ITestOutputHelper output) : HostileWindowTests(new UnixPacketUnderTest(), output);

    public sealed class SharedMemory(ITestOutputHelper output) : HostileWindowTests(new SharedMemoryUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : HostileWindowTests(new TcpUnderTest(), output);

    public sealed class Tls(ITestOutputHelper output) : HostileWindowTests(new TlsUnderTest(), output);

    public sealed class ReliableUdp(ITestOutputHelper output) : HostileWindowTests(new ReliableUdpUnderTest(), output);
}
