using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixAbstractContracts
{
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixAbstractUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixAbstractUnderTest(), output);
}
