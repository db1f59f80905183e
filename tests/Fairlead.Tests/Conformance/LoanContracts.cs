using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class LoanContracts
{
    public sealed class Inproc(ITestOutputHelper output) : LoanContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : LoanContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : LoanContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : LoanContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : LoanContract(new ReliableUdpUnderTest(), output);
}
