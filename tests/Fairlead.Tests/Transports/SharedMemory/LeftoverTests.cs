using System.Diagnostics;
using Fairlead.Conformance;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>
/// Killed peers leave nothing behind. The tests count the mappings and descriptors of the whole process, so no other test may run
/// meanwhile.
/// </summary>
[SlowRun(Reason = "what killed processes leave behind")]
[Collection(nameof(Alone))]
public sealed class LeftoverTests(ITestOutputHelper output)
{
    private static readonly int Kills = TestSize.Given("FAIRLEAD_KILLS", 25);

    [Fact]
    public async Task A_client_that_is_killed_under_load_is_noticed_immediately_and_leaves_nothing()
    {
        await using Hub hub = await Hub.BindAsync(NewPlace());
        await using IAsyncEnumerator<HubEvent> events = hub.Events().GetAsyncEnumerator();
        Random random = RandomSeed.Printed(output);
        List<double> times = [];
        (int Maps, int Descriptors) before = default;
        for (int i = 0; i < Kills; i++)
        {
            await using PeerProcess peer = PeerProcess.Start("pair", "connect", hub.Address.ToString());
            await peer.AnswerAsync();
            Assert.IsType<HubEvent.Joined>(await NextAsync(events));
            await peer.TellAsync($"send 1000000 {random.Next(4) switch { 0 => 64, 1 => 1000, 2 => 4000, _ => 200_000 }}");
            int count = random.Next(1, 2_000);
            HubEvent next = await NextAsync(events);
            for (; count > 0 && next is HubEvent.Said; count--)
            {
                next = await NextAsync(events);
            }

            long killed = Stopwatch.GetTimestamp();
            peer.KillAndGoOn();
            while (next is HubEvent.Said)
            {
                next = await NextAsync(events);
            }

            times.Add(Stopwatch.GetElapsedTime(killed).TotalMilliseconds);
            Assert.Equal(CloseReason.PeerDied, Assert.IsType<HubEvent.Left>(next).Reason);
            if (i == Math.Min(4, Kills / 2))
            {
                before = InUse();
            }
        }

        times.Sort();
        output.WriteLine(
            $"{Kills} kills; from the kill to its news, behind all that had come: median {times[times.Count / 2]:0.0} ms, "
                + $"most {times[^1]:0.0} ms");
        (int Maps, int Descriptors) after = InUse();
        Assert.InRange(after.Maps, 0, before.Maps);
        Assert.InRange(after.Descriptors, 0, before.Descriptors + 2);
        Assert.DoesNotContain(Directory.EnumerateFiles("/dev/shm"), static file => file.Contains("fairlead", StringComparison.Ordinal));
    }

    private static async Task<HubEvent> NextAsync(IAsyncEnumerator<HubEvent> events)
    {
        Assert.True(await events.MoveNextAsync());
        return events.Current;
    }

    private static Address NewPlace() => $"shm://leftover-{Guid.NewGuid():N}";

    private static (int Maps, int Descriptors) InUse()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return (
            File.ReadLines("/proc/self/maps").Count(static line => line.Contains("fairlead ring", StringComparison.Ordinal)),
            OpenDescriptors.Count());
    }
}
