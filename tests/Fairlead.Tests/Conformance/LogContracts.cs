using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class LogContracts
{
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new LogUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new LogUnderTest(), output);

    public sealed class Loans(ITestOutputHelper output) : LoanContract(new LogUnderTest(), output);

    [SlowRun]
    public sealed class Simplex(ITestOutputHelper output) : SimplexContract(new LogUnderTest(), output);

    [SlowRun]
    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new LogUnderTest(), output);

    [FullRun(Reason.Repeats)]
    public sealed class WaitSets(ITestOutputHelper output) : WaitSetContract(new LogUnderTest(), output);
}
