using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class StoppedWaiterContracts
{
    public sealed class ByName(ITestOutputHelper output) : StoppedWaiterContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : StoppedWaiterContract(new LockUnderTest.Placed(), output);
}
