using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class GatheringContracts
{
    public sealed class Inproc(ITestOutputHelper output) : GatheringContract(new InprocUnderTest(), output);

    public sealed class SharedMemory(ITestOutputHelper output) : GatheringContract(new SharedMemoryUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : GatheringContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : GatheringContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : GatheringContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class FifoPair(ITestOutputHelper output) : GatheringContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Descriptor(ITestOutputHelper output) : GatheringContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class TwoPipes(ITestOutputHelper output) : GatheringContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : GatheringContract(new ReliableUdpUnderTest(), output);
}
