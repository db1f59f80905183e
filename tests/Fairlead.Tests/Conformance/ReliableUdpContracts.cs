using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

/// <summary>The contracts of every transport with the session protocol, over datagrams made reliable.</summary>
public static class ReliableUdpContracts
{
    [FullRun(Reason.SameSession)]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new ReliableUdpUnderTest(), output);

    /// <summary>An end that only listens detects a death only by its heartbeat: three times ten seconds would be long.</summary>
    [FullRun(Reason.SameSession)]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new FixedReliableUdpUnderTest("&heartbeat=3s"), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Hubs(ITestOutputHelper output) : HubContract(new ReliableUdpUnderTest(), output);

    [SlowRun]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new ReliableUdpUnderTest(), output);

    [SlowRun]
    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Process(ITestOutputHelper output) : ProcessContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new ReliableUdpUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new FixedReliableUdpUnderTest(), output);
}
