using System.Diagnostics;
using System.Globalization;
using Fairlead.Conformance;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Peers that die or go mad in the middle of it, again and again, and what is left of them: nothing.</summary>
public sealed class DeathTests(ITestOutputHelper output)
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("FAIRLEAD_KILLS") ?? "25", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_sender_that_is_killed_under_load_is_missed_at_once_and_leaves_nothing()
    {
        await using Hub hub = await Hub.BindAsync(NewPlace());
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        Random random = new();
        List<double> times = [];
        (int Maps, int Descriptors) before = default;
        for (int i = 0; i < Kills; i++)
        {
            await using PeerProcess peer = PeerProcess.Start("pair", "connect", hub.Address.ToString());
            await peer.AnswerAsync();
            Assert.IsType<Joined>(await NextAsync(events));
            await peer.TellAsync($"send 1000000 {random.Next(4) switch { 0 => 64, 1 => 1000, 2 => 4000, _ => 200_000 }}");
            int count = random.Next(1, 2_000);
            HubEvent next = await NextAsync(events);
            for (; count > 0 && next is Said; count--)
            {
                next = await NextAsync(events);
            }

            long killed = Stopwatch.GetTimestamp();
            peer.KillAndGoOn();
            while (next is Said)
            {
                next = await NextAsync(events);
            }

            times.Add(Stopwatch.GetElapsedTime(killed).TotalMilliseconds);
            Assert.Equal(CloseReason.PeerDied, Assert.IsType<Left>(next).Reason);
            if (i == 4)
            {
                before = InUse();
            }
        }

        times.Sort();
        output.WriteLine($"{Kills} kills; from the kill to its news, behind all that had come: median {times[times.Count / 2]:0.0} ms, most {times[^1]:0.0} ms");
        (int Maps, int Descriptors) after = InUse();
        Assert.InRange(after.Maps, 0, before.Maps);
        Assert.InRange(after.Descriptors, 0, before.Descriptors + 2);
        Assert.DoesNotContain(Directory.EnumerateFiles("/dev/shm"), static file => file.Contains("fairlead", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_is_killed_under_load_comes_back_under_the_same_name()
    {
        Address place = NewPlace();
        for (int i = 0; i < Kills; i++)
        {
            await using PeerProcess peer = PeerProcess.Start("receiver", "bind", place.ToString());
            await peer.AnswerAsync();
            await using Sender sender = await Sender.ConnectAsync(place);
            await peer.TellAsync("take 1000000");
            int size = 16 + (Random.Shared.Next(3) * 2_000);
            int until = Random.Shared.Next(2_000);
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
    public async Task A_peer_that_scribbles_over_the_memory_harms_itself_alone()
    {
        await using Hub hub = await Hub.BindAsync(NewPlace());
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        await using Pair honest = await Pair.ConnectAsync(hub.Address);
        Assert.IsType<Joined>(await NextAsync(events));
        Dictionary<CloseReason, int> ends = [];
        for (int i = 0; i < Kills; i++)
        {
            int seed = Random.Shared.Next();
            output.WriteLine($"seed {seed}");
            await using PeerProcess peer = PeerProcess.Start("scribbler", hub.Address.ToString(), seed.ToString(CultureInfo.InvariantCulture));
            int said = 0;
            HubEvent next = await NextAsync(events);
            while (next is not Left)
            {
                if (next is Said { Message: { } message } && ++said <= 100_000)
                {
                    Assert.InRange(message.Length, 0, 8_000);
                    _ = hub.TrySend(((Said)next).Client, message.Span);
                }
                else if (said > 100_000)
                {
                    // It has spoilt nothing that matters.
                    peer.KillAndGoOn();
                }

                next = await NextAsync(events);
            }

            CloseReason reason = ((Left)next).Reason;
            ends[reason] = ends.GetValueOrDefault(reason) + 1;

            // The others are served as before.
            await honest.SendAsync("still there?"u8.ToArray());
            Assert.Equal("still there?", Assert.IsType<Said>(await NextAsync(events)).Message.Text);
        }

        output.WriteLine(string.Join(", ", ends.Select(static pair => $"{pair.Key}: {pair.Value}")));
        Assert.All(ends.Keys, static reason => Assert.Contains(reason, new[] { CloseReason.ProtocolError, CloseReason.PeerDied, CloseReason.ClosedByPeer, CloseReason.SlowConsumer }));
    }

    private static async Task<HubEvent> NextAsync(IAsyncEnumerator<HubEvent> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }

    private static Address NewPlace() => $"shm://death-{Guid.NewGuid():N}";

    private static (int Maps, int Descriptors) InUse()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return (File.ReadLines("/proc/self/maps").Count(static line => line.Contains("fairlead ring", StringComparison.Ordinal)), Directory.GetFiles("/proc/self/fd").Length);
    }
}
