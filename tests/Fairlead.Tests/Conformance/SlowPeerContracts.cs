using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class SlowPeerContracts
{
    public sealed class UnixName(ITestOutputHelper output) : SlowPeerContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : SlowPeerContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : SlowPeerContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : SlowPeerContract(new ReliableUdpUnderTest(), output);
}
