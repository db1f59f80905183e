using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Hostile;

/// <summary>Silent peers leave no descriptor behind. These tests count the sockets of the process and run alone.</summary>
public abstract class HostileCountingTests(TransportUnderTest transport, ITestOutputHelper output) : HostileContract(transport, output)
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(40)]
    public async Task Half_a_handshake_and_then_silence_or_the_end_ends_the_connection(int length)
    {
        ManualClock clock = new();
        await using Receiver receiver = Track(
            Receiver.Bind(NewPlace(), Patient with { HandshakeTimeout = 1.Seconds(), TimeProvider = clock }));
        int before = OpenDescriptors.Sockets();
        using (RawPeer silent = Connect(receiver))
        {
            await silent.SendAsync(RawPeer.Hello(PatternKind.Sender)[..length]);
            Assert.Null(await MovingAsync(clock, silent.ReadToEndAsync()));
        }

        using (RawPeer gone = Connect(receiver))
        {
            await gone.SendAsync(RawPeer.Hello(PatternKind.Sender)[..length]);
        }

        await Until(() => OpenDescriptors.Sockets() <= before, "the connections are closed");
        await StillServesAsync(receiver);
    }

    [Fact]
    public async Task Many_silent_connections_are_closed_and_delay_no_other_client()
    {
        const int Silent = 1_000;
        ManualClock clock = new();
        await using Receiver receiver = Track(
            Receiver.Bind(NewPlace(), Patient with { HandshakeTimeout = 1.Seconds(), TimeProvider = clock }));
        await using Sender good = Track(await Sender.ConnectAsync(Bare(receiver.Address)));
        int before = OpenDescriptors.Sockets();
        RawPeer[] peers = [.. Enumerable.Range(0, Silent).Select(_ => Connect(receiver))];

        await good.SendAsync("in the crowd"u8.ToArray());
        Assert.Equal("in the crowd", await TextBehindOthersAsync(receiver));
        foreach (RawPeer peer in peers)
        {
            Assert.Null(await MovingAsync(clock, peer.ReadToEndAsync()));
            peer.Dispose();
        }

        await Until(() => OpenDescriptors.Sockets() <= before, "all are closed");
        await good.SendAsync("alone again"u8.ToArray());
        Assert.Equal("alone again", await TextBehindOthersAsync(receiver));
    }
}
