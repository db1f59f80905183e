using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class ReasonContracts
{
    public sealed class Inproc(ITestOutputHelper output) : ReasonContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : ReasonContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : ReasonContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : ReasonContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : ReasonContract(new ReliableUdpUnderTest(), output);
}
