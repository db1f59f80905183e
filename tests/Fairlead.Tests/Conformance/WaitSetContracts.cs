using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class WaitSetContracts
{
    public sealed class Inproc(ITestOutputHelper output) : WaitSetContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : WaitSetContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : WaitSetContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : WaitSetContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : WaitSetContract(new ReliableUdpUnderTest(), output);
}
