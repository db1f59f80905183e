using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class WritingContracts
{
    public sealed class Inproc(ITestOutputHelper output) : WritingContract(new InprocUnderTest(), output);

    public sealed class SharedMemory(ITestOutputHelper output) : WritingContract(new SharedMemoryUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : WritingContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : WritingContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : WritingContract(new TcpUnderTest(), output);

    public sealed class Fifo(ITestOutputHelper output) : WritingContract(new FifoUnderTest(), output);

    public sealed class FifoPair(ITestOutputHelper output) : WritingContract(new FifoPairUnderTest(), output);

    [SlowRun]
    public sealed class UnixDatagrams(ITestOutputHelper output) : WritingContract(new UnixDatagramUnderTest(), output);

    public sealed class Descriptor(ITestOutputHelper output) : WritingContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class TwoPipes(ITestOutputHelper output) : WritingContract(new DescriptorUnderTest(areTwoPipes: true), output);
}
