using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class TlsContracts
{
    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new TlsUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new TlsFixedPortUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Credit(ITestOutputHelper output) : CreditContract(new TlsUnderTest(), output);

    [SlowRun]
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Foreign(ITestOutputHelper output) : ForeignContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Hubs(ITestOutputHelper output) : HubContract(new TlsUnderTest(), output);

    [SlowRun]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new TlsUnderTest(), output);

    [SlowRun]
    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Process(ITestOutputHelper output) : ProcessContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new TlsUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new TlsFixedPortUnderTest(), output);
}
