using Fairlead.NamedHandles.Peer.Roles;
using Fairlead.NamedHandles.Tests.Places;

namespace Fairlead.NamedHandles.Tests.Threading;

/// <summary>Processes that are killed in random places.</summary>
[FullRun(Reason.Repeats)]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Processes = 4;

    private readonly string _name = Waiters.Name();

    [Fact]
    public void Kills_block_no_process_and_each_death_of_an_owner_is_reported_once()
    {
        int kills = Sizes.Of(500, 10_000);
        int seed = Environment.TickCount;
        Random random = new(seed);
        string file = Path.GetTempFileName();
        using SharedNumbers numbers = new(file);
        using Mutex mutex = new(false, $"{_name}-mutex");
        using Semaphore semaphore = new(0, int.MaxValue, $"{_name}-semaphore");
        using EventWaitHandle stop = new(false, EventResetMode.ManualReset, $"{_name}-stop");
        Queue<PeerProcess> peers = new(Enumerable.Range(0, Processes).Select(peer => PeerProcess.StartOn(peer, "storm", _name, file)));
        long released = 0;
        for (int i = 0; i < kills; i++)
        {
            // The oldest one is killed after some more entries of all.
            PeerProcess oldest = peers.Dequeue();
            oldest.SaysAsync("ready").Here();
            long until = numbers.Read(Storm.Entries) + random.Next(20);
            while (numbers.Read(Storm.Entries) < until)
            {
                released += Release(semaphore, random.Next(3));
                Storm.Enter(mutex, numbers, () => mutex.WaitOne(Waiters.Watchdog));
            }

            if (random.Next(2) == 0)
            {
                // Inside, if it comes there soon.
                int owner = oldest.Id;
                _ = SpinWait.SpinUntil(() => numbers.Read(Storm.Inside) == owner, 100);
            }

            Thread.SpinWait(random.Next(5_000));
            oldest.Kill();
            oldest.Dispose();
            peers.Enqueue(PeerProcess.StartOn(i, "storm", _name, file));
            released += Release(semaphore, 1);
            Storm.Enter(mutex, numbers, () => mutex.WaitOne(Waiters.Watchdog));
        }

        // The living end themselves: none hangs.
        _ = stop.Set();
        foreach (PeerProcess peer in peers)
        {
            peer.EndAsync().Here();
            peer.Dispose();
        }

        Storm.Enter(mutex, numbers, () => mutex.WaitOne(0));
        Storm.Enter(mutex, numbers, () => mutex.WaitOne(0));
        long left = 0;
        while (semaphore.WaitOne(0))
        {
            left++;
        }

        File.Delete(file);
        output.WriteLine(
            $"seed {seed}: {kills} kills, {numbers.Read(Storm.Entries)} entries, {numbers.Read(Storm.Abandoned)} reports, "
                + $"{numbers.Read(Storm.Deaths)} of them of a certain death inside; {released} released, "
                + $"{numbers.Read(Storm.Taken)} taken, {left} left");
        Assert.Equal(0, numbers.Read(Storm.Unreported));
        Assert.InRange(numbers.Read(Storm.Abandoned), numbers.Read(Storm.Deaths), kills);

        // A process may be killed between taking and writing that down.
        Assert.InRange(numbers.Read(Storm.Taken) + left, released - kills, released);
    }

    [Fact]
    public void The_death_of_an_owner_is_reported_only_to_the_next_owner()
    {
        int kills = Sizes.Of(40, 2_000);
        using Mutex mutex = new(false, _name);
        for (int i = 0; i < kills; i++)
        {
            using PeerProcess owner = PeerProcess.StartAsync("inside", "hold", _name).Here();
            using PeerProcess? waiter = i % 2 == 0 ? PeerProcess.StartAsync("waiting", "wait", "mutex", _name).Here() : null;
            Waiters.Await(mutex, waiter is null ? 0 : 1);
            owner.Kill();
            if (waiter is not null)
            {
                waiter.SaysAsync("abandoned").Here();

                // Another death inside, of which the next owner is told.
                waiter.Kill();
            }

            Assert.Throws<AbandonedMutexException>(() => mutex.WaitOne(Waiters.Watchdog));
            mutex.ReleaseMutex();
            Assert.True(mutex.WaitOne(0));
            mutex.ReleaseMutex();
        }
    }

    private static int Release(Semaphore semaphore, int number)
    {
        if (number > 0)
        {
            _ = semaphore.Release(number);
        }

        return number;
    }
}
