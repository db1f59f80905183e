using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixDatagramContracts
{
    public sealed class Simplex(ITestOutputHelper output) : SimplexContract(new UnixDatagramUnderTest(), output);

    [FullRun(Reason.Measures)]
    public sealed class Cost(ITestOutputHelper output) : CostContract(new UnixDatagramUnderTest(), output);

    public sealed class Abstract(ITestOutputHelper output) : SimplexContract(new UnixDatagramAbstractUnderTest(), output);
}
