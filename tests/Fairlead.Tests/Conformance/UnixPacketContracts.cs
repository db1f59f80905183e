using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixPacketContracts
{
    [FullRun(Reason.SameSession)]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Credit(ITestOutputHelper output) : CreditContract(new UnixPacketUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Foreign(ITestOutputHelper output) : ForeignContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Hostile(ITestOutputHelper output) : HostileContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Hubs(ITestOutputHelper output) : HubContract(new UnixPacketUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixPacketUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Process(ITestOutputHelper output) : ProcessContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new UnixPacketUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new UnixPacketUnderTest(), output);
}
