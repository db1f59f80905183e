using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

/// <summary>The contracts of every transport with the session protocol, over datagrams made reliable.</summary>
public static class ReliableUdpContracts
{
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new ReliableUdpUnderTest(), output);

    public sealed class Cost(ITestOutputHelper output) : CostContract(new ReliableUdpUnderTest(), output);

    /// <summary>An end that only listens detects a death only by its heartbeat: three times ten seconds would be long.</summary>
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new FixedReliableUdpUnderTest("&heartbeat=3s"), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new ReliableUdpUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new ReliableUdpUnderTest(), output);

    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new ReliableUdpUnderTest(), output);

    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new ReliableUdpUnderTest(), output);

    public sealed class Hubs(ITestOutputHelper output) : HubContract(new ReliableUdpUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new ReliableUdpUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new ReliableUdpUnderTest(), output);

    public sealed class Pairs(ITestOutputHelper output) : PairContract(new ReliableUdpUnderTest(), output);

    public sealed class Process(ITestOutputHelper output) : ProcessContract(new ReliableUdpUnderTest(), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new ReliableUdpUnderTest(), output);

    public sealed class Requests(ITestOutputHelper output) : RequestContract(new ReliableUdpUnderTest(), output);

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new FixedReliableUdpUnderTest(), output);
}
