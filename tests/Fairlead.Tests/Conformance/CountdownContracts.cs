using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class CountdownContracts
{
    public sealed class ByName(ITestOutputHelper output) : CountdownContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : CountdownContract(new LockUnderTest.Placed(), output);
}
