using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class SurveyContracts
{
    public sealed class Inproc(ITestOutputHelper output) : SurveyContract(new InprocUnderTest(), output);

    public sealed class UnixName(ITestOutputHelper output) : SurveyContract(new UnixNameUnderTest(), output);

    public sealed class UnixPacket(ITestOutputHelper output) : SurveyContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : SurveyContract(new TcpUnderTest(), output);

    public sealed class ReliableUdp(ITestOutputHelper output) : SurveyContract(new ReliableUdpUnderTest(), output);
}
