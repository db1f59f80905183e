using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class DescriptorContracts
{
    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class Crash(ITestOutputHelper output) : CrashContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [SlowRun]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new DescriptorUnderTest(areTwoPipes: false), output);

    public sealed class Requests(ITestOutputHelper output) : RequestContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [SlowRun]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class ClosingOverPipes(ITestOutputHelper output) : ClosingContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.Measures)]
    public sealed class CostOverPipes(ITestOutputHelper output) : CostContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class CrashOverPipes(ITestOutputHelper output) : CrashContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class CreditOverPipes(ITestOutputHelper output) : CreditContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class DeliveriesOverPipes(ITestOutputHelper output)
        : DeliveryContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [SlowRun]
    public sealed class MessagesOverPipes(ITestOutputHelper output) : MessageContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class PairsOverPipes(ITestOutputHelper output) : PairContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class RequestsOverPipes(ITestOutputHelper output) : RequestContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class WaitingOverPipes(ITestOutputHelper output) : WaitingContract(new DescriptorUnderTest(areTwoPipes: true), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class Loans(ITestOutputHelper output) : LoanContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class WaitSets(ITestOutputHelper output) : WaitSetContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class Surveys(ITestOutputHelper output) : SurveyContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class Histories(ITestOutputHelper output) : HistoryContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class Recalls(ITestOutputHelper output) : RecallContract(new DescriptorUnderTest(areTwoPipes: false), output);

    [FullRun(Reason.SameSession)]
    public sealed class PublishingOverPipes(ITestOutputHelper output) : PublishContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class LoansOverPipes(ITestOutputHelper output) : LoanContract(new DescriptorUnderTest(areTwoPipes: true), output);

    [FullRun(Reason.SameSession)]
    public sealed class WaitSetsOverPipes(ITestOutputHelper output) : WaitSetContract(new DescriptorUnderTest(areTwoPipes: true), output);
}
