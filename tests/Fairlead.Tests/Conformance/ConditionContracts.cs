using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class ConditionContracts
{
    public sealed class ByName(ITestOutputHelper output) : ConditionContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : ConditionContract(new LockUnderTest.Placed(), output);
}
