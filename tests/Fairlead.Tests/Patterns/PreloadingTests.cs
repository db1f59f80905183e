using System.Net.Sockets;
using Fairlead.Conformance;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Patterns;

/// <summary>Loading an assembly needs a descriptor, which a shared thread may not get: such a thread must not need to load one.</summary>
[SlowRun]
public sealed class PreloadingTests(ITestOutputHelper output) : WatchedTest(output)
{
    /// <summary>The number of a peer under the JIT compiler: one that was compiled ahead of time loads nothing.</summary>
    private const int UnderJit = 1;

    [Fact]
    public async Task The_assemblies_that_Fairlead_refers_to_are_loaded_before_the_first_client_connects()
    {
        TransportUnderTest[] transports =
        [
            new UnixNameUnderTest(),
            new UnixPacketUnderTest(),
            new TcpUnderTest(),
            new ReliableUdpUnderTest(),
            new SharedMemoryUnderTest(),
        ];
        Address[] places = [.. transports.Select(static transport => transport.NewPlace())];
        IEnumerable<string> addresses = places.Select(static place => place.ToString());
        string needed = string.Join(',', typeof(Receiver).Assembly.GetReferencedAssemblies().Select(static name => name.Name));
        await using PeerProcess peer = PeerProcess.StartNumber(UnderJit, ["loading", needed, .. addresses]);
        Address[] bound = [.. (await peer.AnswerAsync()).Split(' ').Select(Address.Parse)];
        Assert.Equal(places.Length, bound.Length);
        for (int i = 0; i < transports.Length; i++)
        {
            // One silent peer, and one that sends garbage.
            using (Socket silent = transports[i].ConnectRaw(bound[i]))
            using (RawPeer babbling = new(transports[i].ConnectRaw(bound[i])))
            {
                babbling.SendBytes(new byte[100]);
                await OnThread(() => babbling.ReadToEnd());
            }

            await using (Sender sender = await Sender.ConnectAsync(OtherEnd(bound[i], transports[i])))
            {
                await sender.SendAsync("x"u8);
                Assert.True((await sender.DeliverAsync(new byte[1_000_000])).IsDelivered);
            }

            using Sender sudden = await Sender.ConnectAsync(OtherEnd(bound[i], transports[i]));
        }

        Assert.Equal("", await peer.AskAsync("what?"));
        Assert.Equal(0, await peer.FinishAsync());
    }

    private static Address OtherEnd(Address bound, TransportUnderTest transport) =>
        transport is ReliableUdpUnderTest ? bound.WithoutOptions().With("reliable", "true") : bound.WithoutOptions();
}
