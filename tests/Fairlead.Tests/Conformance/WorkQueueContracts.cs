using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class WorkQueueContracts
{
    public sealed class Inproc(ITestOutputHelper output) : WorkQueueContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : WorkQueueContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : WorkQueueContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : WorkQueueContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : WorkQueueContract(new ReliableUdpUnderTest(), output);

    public sealed class WorkersAtUnixName(ITestOutputHelper output) : WorkerCrashContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class WorkersAtUnixPacket(ITestOutputHelper output) : WorkerCrashContract(new UnixPacketUnderTest(), output);

    [SlowRun(Reason = "the kill test of workers over tcp")]
    public sealed class WorkersAtTcp(ITestOutputHelper output) : WorkerCrashContract(new FixedPortUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class WorkersAtReliableUdp(ITestOutputHelper output) : WorkerCrashContract(new FixedReliableUdpUnderTest(), output);

    public sealed class EndAtInproc(ITestOutputHelper output) : WorkQueueEndContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class EndAtUnixName(ITestOutputHelper output) : WorkQueueEndContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class EndAtUnixPacket(ITestOutputHelper output) : WorkQueueEndContract(new UnixPacketUnderTest(), output);

    public sealed class EndAtTcp(ITestOutputHelper output) : WorkQueueEndContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class EndAtReliableUdp(ITestOutputHelper output) : WorkQueueEndContract(new ReliableUdpUnderTest(), output);

    [SlowRun]
    public sealed class EndAtSharedMemory(ITestOutputHelper output) : WorkQueueEndContract(new SharedMemoryUnderTest(), output);
}
