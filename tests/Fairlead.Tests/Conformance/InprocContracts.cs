using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class InprocContracts
{
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new InprocUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new InprocUnderTest(), output);
}
