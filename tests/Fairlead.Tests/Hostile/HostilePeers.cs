using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>
/// Where hostile peers come from. Those who count the sockets of the process: one after the other and with nothing beside them.
/// </summary>
[CollectionDefinition(nameof(HostilePeers), DisableParallelization = true)]
public sealed class HostilePeers
{
    public sealed class OverUnix(ITestOutputHelper output) : HostilePeerTests(new UnixNameUnderTest(), output);

    public sealed class OverTcp(ITestOutputHelper output) : HostilePeerTests(new TcpUnderTest(), output);

    [Collection(nameof(HostilePeers))]
    public sealed class CountedOverUnix(ITestOutputHelper output) : HostileCountingTests(new UnixNameUnderTest(), output);

    [Collection(nameof(HostilePeers))]
    public sealed class CountedOverTcp(ITestOutputHelper output) : HostileCountingTests(new TcpUnderTest(), output);
}
