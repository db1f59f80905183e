using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>One after the other and with nothing beside them: they count the sockets of the process.</summary>
[CollectionDefinition(nameof(HostilePeers), DisableParallelization = true)]
public sealed class HostilePeers
{
    [Collection(nameof(HostilePeers))]
    public sealed class OverUnix(ITestOutputHelper output) : HostilePeerTests(new UnixNameUnderTest(), output);

    [Collection(nameof(HostilePeers))]
    public sealed class OverTcp(ITestOutputHelper output) : HostilePeerTests(new TcpUnderTest(), output);
}
