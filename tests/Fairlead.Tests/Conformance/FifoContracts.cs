using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class FifoContracts
{
    public sealed class Simplex(ITestOutputHelper output) : SimplexContract(new FifoUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class SimplexCost(ITestOutputHelper output) : CostContract(new FifoUnderTest(), output);

    public sealed class OneWriter(ITestOutputHelper output) : SimplexContract(new FifoPathUnderTest(), output);

    [SlowRun]
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Crash(ITestOutputHelper output) : CrashContract(new FifoPairUnderTest(), output);

    public sealed class Credit(ITestOutputHelper output) : CreditContract(new FifoPairUnderTest(), output);

    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new FifoPairUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new FifoPairUnderTest(), output);

    [SlowRun]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new FifoPairUnderTest(), output);

    public sealed class Process(ITestOutputHelper output) : ProcessContract(new FifoPairUnderTest(), output);

    [SlowRun]
    public sealed class Requests(ITestOutputHelper output) : RequestContract(new FifoPairUnderTest(), output);

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new FifoPairUnderTest(), output);

    public sealed class Publishing(ITestOutputHelper output) : PublishContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Loans(ITestOutputHelper output) : LoanContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class WaitSets(ITestOutputHelper output) : WaitSetContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Surveys(ITestOutputHelper output) : SurveyContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Histories(ITestOutputHelper output) : HistoryContract(new FifoPairUnderTest(), output);

    [FullRun(Reason.SameSession)]
    public sealed class Recalls(ITestOutputHelper output) : RecallContract(new FifoPairUnderTest(), output);
}
