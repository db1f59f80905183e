using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class PolicyContracts
{
    public sealed class Inproc(ITestOutputHelper output) : PolicyContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : PolicyContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : PolicyContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : PolicyContract(new FixedPortUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : PolicyContract(new FixedReliableUdpUnderTest(), output);
}
