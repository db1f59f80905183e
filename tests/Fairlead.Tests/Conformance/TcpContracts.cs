using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class TcpContracts
{
    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new TcpUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new TcpUnderTest(), output);

    public sealed class Crash(ITestOutputHelper output) : CrashContract(new FixedPortUnderTest(), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new TcpUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new TcpUnderTest(), output);

    public sealed class Foreign(ITestOutputHelper output) : ForeignContract(new TcpUnderTest(), output);

    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new TcpUnderTest(), output);

    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new TcpUnderTest(), output);

    public sealed class Hubs(ITestOutputHelper output) : HubContract(new TcpUnderTest(), output);

    [SlowRun]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new TcpUnderTest(), output);

    [SlowRun]
    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new TcpUnderTest(), output);

    [SlowRun]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new TcpUnderTest(), output);

    public sealed class Process(ITestOutputHelper output) : ProcessContract(new TcpUnderTest(), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new TcpUnderTest(), output);

    [SlowRun]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new TcpUnderTest(), output);

    [SlowRun]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new FixedPortUnderTest(), output);
}
