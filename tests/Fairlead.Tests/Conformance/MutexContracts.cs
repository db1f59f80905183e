using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class MutexContracts
{
    public sealed class ByName(ITestOutputHelper output) : MutexContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : MutexContract(new LockUnderTest.Placed(), output);

    public sealed class DeathsByName(ITestOutputHelper output) : MutexDeathContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class DeathsInRegion(ITestOutputHelper output) : MutexDeathContract(new LockUnderTest.Placed(), output);
}
