using Fairlead.Conformance.Contracts;

namespace Fairlead.RabbitMQ.Tests.Contracts;

/// <summary>The contracts of every transport with the session protocol, over a broker, without those that a broker cannot keep.</summary>
public static class BrokerContracts
{
    [FullRun(Reason.Broker)]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Credit(ITestOutputHelper output) : CreditContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Gathering(ITestOutputHelper output) : GatheringContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Loans(ITestOutputHelper output) : LoanContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Messages(ITestOutputHelper output) : MessageContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Opening(ITestOutputHelper output) : OpeningContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Processes(ITestOutputHelper output) : ProcessContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class WaitSets(ITestOutputHelper output) : WaitSetContract(new BrokerUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Writing(ITestOutputHelper output) : WritingContract(new BrokerUnderTest(), output);
}
