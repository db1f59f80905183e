using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class ReconnectContracts
{
    public sealed class Inproc(ITestOutputHelper output) : ReconnectContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : ReconnectContract(new UnixNameUnderTest(), output);

    public sealed class UnixPacket(ITestOutputHelper output) : ReconnectContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : ReconnectContract(new FixedPortUnderTest(), output);

    public sealed class ReliableUdp(ITestOutputHelper output) : ReconnectContract(new FixedReliableUdpUnderTest(), output);
}
