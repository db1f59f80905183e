using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixPathContracts
{
    [FullRun(Reason.OtherName)]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Credit(ITestOutputHelper output) : CreditContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Hubs(ITestOutputHelper output) : HubContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixPathUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new UnixPathUnderTest(), output);

    [FullRun(Reason.OtherName)]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new UnixPathUnderTest(), output);
}
