using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

/// <summary>What every transport that carries the session protocol is held to, over datagrams that are made reliable.</summary>
public static class ReliableUdpContracts
{
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new ReliableUdpUnderTest(), output);

    public sealed class Cost(ITestOutputHelper output) : CostContract(new ReliableUdpUnderTest(), output);

    /// <summary>An end that only listens hears nothing of a death but by its heartbeat: ten seconds, three times, would be long.</summary>
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

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new ReliableUdpUnderTest(), output);
}
