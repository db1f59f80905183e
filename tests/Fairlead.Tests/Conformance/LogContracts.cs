using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class LogContracts
{
    public sealed class Closing(ITestOutputHelper output) : ClosingContract(new LogUnderTest(), output);

    public sealed class Cost(ITestOutputHelper output) : CostContract(new LogUnderTest(), output);

    public sealed class Loans(ITestOutputHelper output) : LoanContract(new LogUnderTest(), output);

    public sealed class Simplex(ITestOutputHelper output) : SimplexContract(new LogUnderTest(), output);

    public sealed class Waiting(ITestOutputHelper output) : WaitingContract(new LogUnderTest(), output);

    public sealed class WaitSets(ITestOutputHelper output) : WaitSetContract(new LogUnderTest(), output);
}
