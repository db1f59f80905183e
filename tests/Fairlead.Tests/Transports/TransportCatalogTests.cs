using Fairlead.Transports;

namespace Fairlead.Tests.Transports;

/// <summary>The declared abilities of each transport. The contracts check loans, handles and multiple peers.</summary>
public sealed class TransportCatalogTests
{
    private const TransportCapabilities OneWay = TransportCapabilities.Reliable | TransportCapabilities.Ordered;
    private const TransportCapabilities Stream = OneWay | TransportCapabilities.Duplex;
    private const TransportCapabilities Network = TransportCapabilities.CrossHost | TransportCapabilities.ManyPeers;
    private const TransportCapabilities Local = Stream | TransportCapabilities.PeerIdentity | TransportCapabilities.ManyPeers;

    public static TheoryData<string, TransportCapabilities> All => new()
    {
        { "inproc://x", Local | TransportCapabilities.KeepsBoundaries },
        { "unix://x", Local | TransportCapabilities.Handles },
        { "unixpacket://x", Local | TransportCapabilities.KeepsBoundaries },
        { "shm://x", Local | TransportCapabilities.KeepsBoundaries | TransportCapabilities.ZeroCopy },
        { "fifo://x", OneWay | TransportCapabilities.ManyPeers },
        { "fifo://x,y", Stream },
        { "unixgram://x", OneWay | TransportCapabilities.KeepsBoundaries | TransportCapabilities.ManyPeers },
        { "tcp://localhost:1", Stream | Network },
        { "tls://localhost:1", Stream | Network },
        { "udp://localhost:1", Network | TransportCapabilities.Duplex | TransportCapabilities.KeepsBoundaries },
        { "udp://localhost:1?reliable=true", Stream | Network },
        { "log:///x", OneWay | TransportCapabilities.KeepsBoundaries | TransportCapabilities.Durable },
        { "fd://3,4", Stream },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void CapabilitiesOf_returns_the_capabilities_of_a_transport(string address, TransportCapabilities expected) =>
        Assert.Equal(expected, TransportCatalog.CapabilitiesOf(address));

    [Fact]
    public void The_test_covers_every_transport() =>
        Assert.Equal(TransportCatalog.Schemes.Order(), All.Select(static row => Address.Parse(row.Data.Item1).Scheme).Distinct().Order());

    [Theory]
    [InlineData("fifo://x-many,x-peers", false)]
    [InlineData("unix://x-many-peers", true)]
    public void Patterns_for_many_peers_are_refused_by_transports_that_serve_one_peer(string address, bool serves)
    {
        if (serves)
        {
            using Hub hub = Hub.Bind(address);
            Assert.Empty(hub.Peers);
        }
        else
        {
            Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => Hub.Bind(address)).Code);
        }
    }
}
