using Fairlead.Conformance.Contracts;
using Fairlead.Tests.RandomWorld;

namespace Fairlead.Tests.Conformance;

public static class RestartContracts
{
    public sealed class UnixName(ITestOutputHelper output) : RestartContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class UnixPacket(ITestOutputHelper output) : RestartContract(new UnixPacketUnderTest(), output);

    public sealed class Tcp(ITestOutputHelper output) : RestartContract(new FixedPortUnderTest(), output);

    /// <summary>Clients that only listen detect a server's death only by their heartbeat.</summary>
    [FullRun(Reason.SameSession)]
    public sealed class ReliableUdp(ITestOutputHelper output) : RestartContract(new FixedReliableUdpUnderTest("&heartbeat=500ms"), output);
}
