using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class SubscriberPolicyContracts
{
    public sealed class Inproc(ITestOutputHelper output) : SubscriberPolicyContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : SubscriberPolicyContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : SubscriberPolicyContract(new UnixPacketUnderTest(), output);

    [SlowRun]
    public sealed class Tcp(ITestOutputHelper output) : SubscriberPolicyContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : SubscriberPolicyContract(new ReliableUdpUnderTest(), output);
}
