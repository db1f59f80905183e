using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Hostile;

/// <summary>
/// The collection of tests with hostile peers that count the sockets of the process: they run one after the other, and alone.
/// </summary>
[CollectionDefinition(nameof(HostilePeers), DisableParallelization = true)]
public sealed class HostilePeers
{
    [SlowRun]
    public sealed class OverUnix(ITestOutputHelper output) : HostilePeerTests(new UnixNameUnderTest(), output);

    [SlowRun]
    public sealed class OverTcp(ITestOutputHelper output) : HostilePeerTests(new TcpUnderTest(), output);

    [Collection(nameof(HostilePeers))]
    public sealed class CountedOverUnix(ITestOutputHelper output) : HostileCountingTests(new UnixNameUnderTest(), output);

    [Collection(nameof(HostilePeers))]
    public sealed class CountedOverTcp(ITestOutputHelper output) : HostileCountingTests(new TcpUnderTest(), output);
}
