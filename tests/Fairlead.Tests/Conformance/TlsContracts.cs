using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class TlsContracts
{
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new TlsUnderTest(), output);

    public sealed class Cost(ITestOutputHelper output) : CostContract(new TlsUnderTest(), output);

    public sealed class Crash(ITestOutputHelper output) : CrashContract(new TlsFixedPortUnderTest(), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new TlsUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new TlsUnderTest(), output);

    public sealed class Foreign(ITestOutputHelper output) : ForeignContract(new TlsUnderTest(), output);

    public sealed class Heartbeat(ITestOutputHelper output) : HeartbeatContract(new TlsUnderTest(), output);

    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new TlsUnderTest(), output);

    public sealed class Hubs(ITestOutputHelper output) : HubContract(new TlsUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new TlsUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new TlsUnderTest(), output);

    public sealed class Pairs(ITestOutputHelper output) : PairContract(new TlsUnderTest(), output);

    public sealed class Process(ITestOutputHelper output) : ProcessContract(new TlsUnderTest(), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new TlsUnderTest(), output);

    public sealed class Requests(ITestOutputHelper output) : RequestContract(new TlsUnderTest(), output);

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new TlsFixedPortUnderTest(), output);
}
