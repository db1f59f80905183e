using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class WorkQueueContracts
{
    public sealed class Inproc(ITestOutputHelper output) : WorkQueueContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : WorkQueueContract(new UnixNameUnderTest(), output);

    public sealed class UnixPacket(ITestOutputHelper output) : WorkQueueContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : WorkQueueContract(new TcpUnderTest(), output);

    public sealed class WorkersAtUnixName(ITestOutputHelper output) : WorkerCrashContract(new UnixNameUnderTest(), output);

    public sealed class WorkersAtUnixPacket(ITestOutputHelper output) : WorkerCrashContract(new UnixPacketUnderTest(), output);

    public sealed class WorkersAtTcp(ITestOutputHelper output) : WorkerCrashContract(new FixedPortUnderTest(), output);
}
