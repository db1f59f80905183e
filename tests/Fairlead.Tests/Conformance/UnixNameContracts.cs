using Fairlead.Conformance.Contracts;

namespace Fairlead.Tests.Conformance;

public static class UnixNameContracts
{
    public sealed class Deliveries(ITestOutputHelper output) : DeliveryContract(new UnixNameUnderTest(), output);

    public sealed class Messages(ITestOutputHelper output) : MessageContract(new UnixNameUnderTest(), output);
}
