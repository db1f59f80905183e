using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class HistoryContracts
{
    public sealed class Inproc(ITestOutputHelper output) : HistoryContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : HistoryContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : HistoryContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : HistoryContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : HistoryContract(new ReliableUdpUnderTest(), output);
}
