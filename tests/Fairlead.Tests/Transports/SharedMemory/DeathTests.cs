using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Peers that die or write garbage in the middle of a conversation, again and again, and leave nothing behind.</summary>
[SlowRun(Reason = "the kill test of rings")]
public sealed class DeathTests(ITestOutputHelper output)
{
    private const int Ring = 2 * 1024 * 1024;

    private static readonly int Kills = TestSize.Given("FAIRLEAD_KILLS", 25);

    [Fact]
    public async Task A_server_that_was_killed_under_load_can_be_started_again_under_the_same_name()
    {
        Address place = NewPlace();
        Random random = RandomSeed.Printed(output);
        for (int i = 0; i < Kills; i++)
        {
            await using PeerProcess peer = PeerProcess.Start("receiver", "bind", place.ToString());
            await peer.AnswerAsync();
            await using Sender sender = await Sender.ConnectAsync(place);
            await peer.TellAsync("take 1000000");
            int size = 16 + (random.Next(3) * 2_000);
            int until = random.Next(2_000);
            FairleadException lost = await Assert.ThrowsAsync<FairleadException>(() => Task.Run(() =>
            {
                for (int n = 0; ; n++)
                {
                    sender.Send(Payload.Make(n, size));
                    if (n == until)
                    {
                        peer.KillAndGoOn();
                    }
                }
            }));
            Assert.Equal((ErrorCode.PeerGone, CloseReason.PeerDied), (lost.Code, lost.Reason));
        }
    }

    [Fact]
    public async Task A_peer_that_overwrites_the_memory_harms_only_itself()
    {
        await using Hub hub = await Hub.BindAsync(NewPlace());
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        await using Pair honest = await Pair.ConnectAsync(hub.Address);
        Assert.IsType<HubEvent.Joined>(await NextAsync(events));
        Random random = RandomSeed.Printed(output);
        Dictionary<CloseReason, int> ends = [];
        for (int i = 0; i < Kills; i++)
        {
            int seed = random.Next();
            await using PeerProcess peer = PeerProcess.Start(
                "scribbler", hub.Address.ToString(), seed.ToString(CultureInfo.InvariantCulture));
            int said = 0;
            HubEvent next = await NextAsync(events);
            while (next is not HubEvent.Left)
            {
                if (next is HubEvent.Said { Message: { } message } && ++said <= 100_000)
                {
                    // A corrupted length may cover several of the peer's own messages, and nothing beyond what it has published.
                    Assert.InRange(message.Length, 0, Ring);
                    _ = hub.TrySend(((HubEvent.Said)next).Client, message.Span);
                }
                else if (said > 100_000)
                {
                    // It has corrupted nothing that matters.
                    peer.KillAndGoOn();
                }

                next = await NextAsync(events);
            }

            CloseReason reason = ((HubEvent.Left)next).Reason;
            ends[reason] = ends.GetValueOrDefault(reason) + 1;

            // The other peers are served as before.
            await honest.SendAsync("still there?"u8.ToArray());
            Assert.Equal("still there?", Assert.IsType<HubEvent.Said>(await NextAsync(events)).Message.Text);
        }

        output.WriteLine(string.Join(", ", ends.Select(static pair => $"{pair.Key}: {pair.Value}")));
        Assert.All(
            ends.Keys,
            static reason =>
                Assert.Contains(
                    reason, new[] { CloseReason.ProtocolError, CloseReason.PeerDied, CloseReason.ClosedByPeer, CloseReason.SlowConsumer }));
    }

    private static async Task<HubEvent> NextAsync(IAsyncEnumerator<HubEvent> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }

    private static Address NewPlace() => $"shm://death-{Guid.NewGuid():N}";
}
