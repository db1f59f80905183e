using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class ReaderWriterContracts
{
    public sealed class ByName(ITestOutputHelper output) : ReaderWriterContract(new LockUnderTest.Named(), output);

    [FullRun(Reason.OtherPlace)]
    public sealed class InRegion(ITestOutputHelper output) : ReaderWriterContract(new LockUnderTest.Placed(), output);
}
