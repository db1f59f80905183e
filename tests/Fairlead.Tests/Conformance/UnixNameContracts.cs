using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixNameContracts
{
    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new UnixNameUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new UnixNameUnderTest(), output);

    [SlowRun(Reason = "the kill tests over unix")]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new UnixNameUnderTest(), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new UnixNameUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixNameUnderTest(), output);

    public sealed class Foreign(ITestOutputHelper output) : ForeignContract(new UnixNameUnderTest(), output);

    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new UnixNameUnderTest(), output);

    [SlowRun]
    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new UnixNameUnderTest(), output);

    public sealed class Hubs(ITestOutputHelper output) : HubContract(new UnixNameUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixNameUnderTest(), output);

    [SlowRun]
    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new UnixNameUnderTest(), output);

    [SlowRun]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new UnixNameUnderTest(), output);

    public sealed class Process(ITestOutputHelper output) : ProcessContract(new UnixNameUnderTest(), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new UnixNameUnderTest(), output);

    [SlowRun]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new UnixNameUnderTest(), output);

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new UnixNameUnderTest(), output);
}
