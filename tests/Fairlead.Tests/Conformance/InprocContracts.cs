using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class InprocContracts
{
    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new InprocUnderTest(), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new InprocUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new InprocUnderTest(), output);

    public sealed class Hubs(ITestOutputHelper output) : HubContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new InprocUnderTest(), output);

    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new InprocUnderTest(), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new InprocUnderTest(), output);

    [SlowRun]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new InprocUnderTest(), output);
}
