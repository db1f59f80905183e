using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class SurveyContracts
{
    [SlowRun]
    public sealed class Inproc(ITestOutputHelper output) : SurveyContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : SurveyContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : SurveyContract(new UnixPacketUnderTest(), output);

    [SlowRun]
    public sealed class Tcp(ITestOutputHelper output) : SurveyContract(new TcpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : SurveyContract(new ReliableUdpUnderTest(), output);
}
