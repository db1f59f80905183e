using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class HandleContracts
{
    public sealed class Inproc(ITestOutputHelper output) : HandleContract(new InprocUnderTest(), output);

    public sealed class SharedMemory(ITestOutputHelper output) : HandleContract(new SharedMemoryUnderTest(), output);

    [SlowRun]
    public sealed class UnixName(ITestOutputHelper output) : HandleContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixAbstract(ITestOutputHelper output) : HandleContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : HandleContract(new UnixPacketUnderTest(), output);

    [SlowRun]
    public sealed class Tcp(ITestOutputHelper output) : HandleContract(new TcpUnderTest(), output);
}
