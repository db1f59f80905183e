using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class StreamContracts
{
    [SlowRun]
    public sealed class Inproc(ITestOutputHelper output) : StreamContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class SharedMemory(ITestOutputHelper output) : StreamContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class UnixName(ITestOutputHelper output) : StreamContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : StreamContract(new UnixPacketUnderTest(), output);

    [SlowRun]
    public sealed class Tcp(ITestOutputHelper output) : StreamContract(new TcpUnderTest(), output);

    [SlowRun]
    public sealed class FifoPair(ITestOutputHelper output) : StreamContract(new FifoPairUnderTest(), output);

    [SlowRun]
    public sealed class Descriptor(ITestOutputHelper output) : StreamContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [SlowRun]
    public sealed class TwoPipes(ITestOutputHelper output) : StreamContract(new DescriptorUnderTest(areTwoPipes: true), output);
}
