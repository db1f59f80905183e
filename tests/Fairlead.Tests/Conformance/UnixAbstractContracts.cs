using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixAbstractContracts
{
    [FullRun(Reason.OtherName)]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Credit(ITestOutputHelper output) : CreditContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Hubs(ITestOutputHelper output) : HubContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixAbstractUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new UnixAbstractUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new UnixAbstractUnderTest(), output);
}
