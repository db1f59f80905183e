using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class SemaphoreContracts
{
    public sealed class ByName(ITestOutputHelper output) : SemaphoreContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : SemaphoreContract(new LockUnderTest.Placed(), output);

    public sealed class DeathsByName(ITestOutputHelper output) : SemaphoreDeathContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class DeathsInRegion(ITestOutputHelper output) : SemaphoreDeathContract(new LockUnderTest.Placed(), output);
}
