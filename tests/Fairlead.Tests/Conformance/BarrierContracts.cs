using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class BarrierContracts
{
    public sealed class ByName(ITestOutputHelper output) : BarrierContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : BarrierContract(new LockUnderTest.Placed(), output);
}
