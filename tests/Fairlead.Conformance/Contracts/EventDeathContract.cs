using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>Processes that set an event, wait for it, or do both die: no waiter sleeps because a wake-up died with them.</summary>
[SlowRun]
public abstract class EventDeathContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Processes = 8;

    /// <summary>The approximate number of passes.</summary>
    private const int BetweenKills = 100;

    private static readonly int Kills = KillsOr(12);

    [Fact]
    public async Task Dead_waiters_consume_no_wake_up()
    {
        (NamedEvent signal, string place) = NewEvent(EventResetMode.AutoReset);
        for (int round = 0; round < 3; round++)
        {
            List<PeerProcess> peers = [];
            for (int i = 0; i < 3; i++)
            {
                peers.Add(await StartAsync("event", place, "AutoReset"));
                await peers[i].TellAsync(round % 2 == 0 ? "wait" : "async");
                await UntilWaiting(() => signal.Waiters, i + 1);
            }

            Task last = round % 2 == 0 ? OnThread(() => signal.Wait(cancellationToken: Token)) : signal.WaitAsync(Token).AsTask();
            await UntilWaiting(() => signal.Waiters, 4);
            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
            }

            // They have died in the wait queue: the set is for the remaining waiter.
            signal.Set();
            await last;
            Assert.False(signal.IsSet);
            Assert.Empty(signal.Waiters);
        }
    }

    [Fact]
    public async Task No_waiter_sleeps_while_the_event_is_set_although_setting_processes_are_killed()
    {
        // The full count runs in eng/nightly.sh.
        long count = TestSize.Given("FAIRLEAD_INCREMENTS", 5_000);
        (NamedEvent signal, string place) = NewEvent(EventResetMode.AutoReset);
        string name = $"crowd-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, Crowd.SizeOf(Processes));
        Crowd crowd = new(region, Processes);
        Random random = NewRandom();
        try
        {
            PeerProcess Start(int index) => Track(PeerProcess.StartNumber(index, "turnstile", place, name, $"{Processes}", $"{index}"));
            PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(Start)];
            int killed = 0;
            while (killed < Kills || crowd.Stays < count)
            {
                // Each process passes and sets it for the next one. A process killed between the two takes the set along; then it is set
                // again.
                long next = crowd.Stays + 1 + random.Next(2 * BetweenKills);
                signal.Set();
                await Until(() => crowd.Stays >= next, "they go on");

                // The process that has lived longest: then all processes take part most of the time.
                int victim = killed++ % Processes;
                await peers[victim].KillRunningAsync();
                await peers[victim].DisposeAsync();
                peers[victim] = Start(victim);
            }

            // Each sets it, which lets the next one leave.
            crowd.IsOver = true;
            signal.Set();
            foreach (PeerProcess peer in peers)
            {
                Assert.Equal(0, await peer.ExitAsync());
            }

            Output.WriteLine($"{crowd.Stays} passed, {killed} killed");
            Assert.Empty(signal.Waiters);
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    private (NamedEvent Signal, string Place) NewEvent(EventResetMode mode)
    {
        string place = NewPlace(NamedEvent.SizeInRegion);
        return (Track(LockPlaceText.Event(place, mode)), place);
    }
}
