using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class RecallContracts
{
    public sealed class Inproc(ITestOutputHelper output) : RecallContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : RecallContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : RecallContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : RecallContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : RecallContract(new ReliableUdpUnderTest(), output);

    public sealed class SharedMemory(ITestOutputHelper output) : RecallContract(new SharedMemoryUnderTest(), output);
}
