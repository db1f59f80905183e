using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class StreamContracts
{
    public sealed class Inproc(ITestOutputHelper output) : StreamContract(new InprocUnderTest(), output);

    public sealed class SharedMemory(ITestOutputHelper output) : StreamContract(new SharedMemoryUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : StreamContract(new UnixNameUnderTest(), output);

    public sealed class UnixPacket(ITestOutputHelper output) : StreamContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : StreamContract(new TcpUnderTest(), output);

    public sealed class FifoPair(ITestOutputHelper output) : StreamContract(new FifoPairUnderTest(), output);

    public sealed class Descriptor(ITestOutputHelper output) : StreamContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class TwoPipes(ITestOutputHelper output) : StreamContract(new DescriptorUnderTest(areTwoPipes: true), output);
}
