using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class HubPolicyContracts
{
    public sealed class Inproc(ITestOutputHelper output) : HubPolicyContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : HubPolicyContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : HubPolicyContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : HubPolicyContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : HubPolicyContract(new ReliableUdpUnderTest(), output);
}
