using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class ReconnectContracts
{
    [SlowRun]
    public sealed class Inproc(ITestOutputHelper output) : ReconnectContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class UnixName(ITestOutputHelper output) : ReconnectContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : ReconnectContract(new UnixPacketUnderTest(), output);

    [SlowRun]
    public sealed class Tcp(ITestOutputHelper output) : ReconnectContract(new FixedPortUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : ReconnectContract(new FixedReliableUdpUnderTest(), output);
}
