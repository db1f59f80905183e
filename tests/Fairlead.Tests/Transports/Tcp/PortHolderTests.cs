using System.Net;
using Fairlead.Registry;
using Fairlead.Transports.Tcp;
using SystemListener = System.Net.Sockets.TcpListener;

namespace Fairlead.Tests.Transports.Tcp;

public sealed class PortHolderTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();
    private readonly RuntimeDirectory _directory;

    public PortHolderTests() => _directory = RuntimeDirectory.At(_temporary["fairlead"]);

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("0.0.0.0", "::")]
    public void Any_program_that_listens_is_found_in_the_kernels_tables(string held, string wanted)
    {
        using var listener = new SystemListener(IPAddress.Parse(held), 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var holder = PortHolder.Find(new IPEndPoint(IPAddress.Parse(wanted), port), _directory);

        Assert.Equal(Environment.ProcessId, holder?.Peer.ProcessId);
        Assert.NotNull(holder?.Peer.Program);
        Assert.Null(holder?.Since);
    }

    [Fact]
    public void A_free_port_has_no_holder()
    {
        using var listener = new SystemListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        Assert.Null(PortHolder.Find(new IPEndPoint(IPAddress.Parse("127.0.0.2"), port), _directory));
    }

    [Fact]
    public void A_published_endpoint_is_found_with_its_start_time()
    {
        using var entry = EndpointEntry.Create(PatternKind.Hub, bound: true, "tcp://127.0.0.1:5242", directory: _directory);

        Assert.NotNull(PortHolder.Find(new IPEndPoint(IPAddress.Any, 5242), _directory)?.Since);
        Assert.Null(PortHolder.Find(new IPEndPoint(IPAddress.Any, 1), _directory)?.Since);
    }

    [Fact]
    public void Only_listening_sockets_at_overlapping_addresses_count()
    {
        var word = BitConverter.IsLittleEndian ? "0100007F" : "7F000001";
        File.WriteAllLines(_temporary["tcp"],
        [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            $"   0: {word}:147A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0 100 0 0 10 0",
            $"   1: {word}:147A {word}:9C40 01 00000000:00000000 00:00000000 00000000     0        0 102 1 0 20 4 30 10 -1",
            "   2: 00000000:147A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1 0 100 0 0 10 0",
            $"   3: {word}:147B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 104 1 0 100 0 0 10 0",
            "   4: nonsense",
            "   5: xxxxxxxx:147A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 105 1 0 100 0 0 10 0",
        ]);

        Assert.Equal(["socket:[101]", "socket:[103]"], PortHolder.Listeners(_temporary["tcp"], new IPEndPoint(IPAddress.Loopback, 5242)));
        Assert.Equal(["socket:[103]"], PortHolder.Listeners(_temporary["tcp"], new IPEndPoint(IPAddress.Parse("10.0.0.1"), 5242)));
        Assert.Empty(PortHolder.Listeners(_temporary["none"], new IPEndPoint(IPAddress.Any, 5242)));
    }

    [Fact]
    public void Addresses_of_both_families_are_read()
    {
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Any, 80), PortHolder.ReadEndPoint("00000000000000000000000000000000:0050"));
        if (BitConverter.IsLittleEndian)
        {
            Assert.Equal(new IPEndPoint(IPAddress.Loopback, 5242), PortHolder.ReadEndPoint("0100007F:147A"));
            Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 5242), PortHolder.ReadEndPoint("00000000000000000000000001000000:147A"));
        }

        Assert.Null(PortHolder.ReadEndPoint("0100007F"));
        Assert.Null(PortHolder.ReadEndPoint("0100007F:xx"));
    }
}
