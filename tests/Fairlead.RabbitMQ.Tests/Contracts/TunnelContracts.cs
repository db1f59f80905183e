using Fairlead.Conformance.Contracts;

namespace Fairlead.RabbitMQ.Tests.Contracts;

/// <summary>The contracts of patterns whose ends have a connection, through a broker.</summary>
public static class TunnelContracts
{
    [FullRun(Reason.Broker)]
    public sealed class Heartbeats(ITestOutputHelper output) : HeartbeatContract(new TunnelUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class HubPolicies(ITestOutputHelper output) : HubPolicyContract(new TunnelUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Hubs(ITestOutputHelper output) : HubContract(new TunnelUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Pairs(ITestOutputHelper output) : PairContract(new TunnelUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Reasons(ITestOutputHelper output) : ReasonContract(new TunnelUnderTest(), output);

    [FullRun(Reason.Broker)]
    public sealed class Streams(ITestOutputHelper output) : StreamContract(new TunnelUnderTest(), output);
}
