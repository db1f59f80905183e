using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixPathContracts
{
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixPathUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixPathUnderTest(), output);
}
