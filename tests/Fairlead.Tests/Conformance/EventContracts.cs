using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class EventContracts
{
    public sealed class ByName(ITestOutputHelper output) : EventContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : EventContract(new LockUnderTest.Placed(), output);

    public sealed class DeathsByName(ITestOutputHelper output) : EventDeathContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class DeathsInRegion(ITestOutputHelper output) : EventDeathContract(new LockUnderTest.Placed(), output);
}
