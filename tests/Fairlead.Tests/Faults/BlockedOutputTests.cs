using Fairlead.Conformance.Faults;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Tests.Conformance;

namespace Fairlead.Tests.Faults;

/// <summary>
/// A sender finds no capacity. Before it notes that, the peer makes some and reports it, which it does once.
/// </summary>
public sealed class BlockedOutputTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_peer_that_passes_its_memory_while_the_introduction_is_written_gets_the_introduction()
    {
        Address place = TransportsUnderTest.Of("shm").NewPlace();
        Pair server = Track(Pair.Bind(place));
        FaultPlan plan = new(0);
        FaultPlan served = new(0);
        FaultyTransport.Spoil(place, served, plan);
        await using Pair client = await Pair.ConnectAsync(place.With("reconnect", "10m"));
        using ManualResetEventSlim isBlocked = new();
        Func<bool> wasHandled = WaitForTurn(client, plan, isBlocked.Set);
        served.BeforeAccept = () => isBlocked.Wait(Guard);

        // While a caller waits, the reactor serves the new connection beside the thread that opens it.
        Task<Message> message = client.ReceiveAsync().AsTask();
        server.Dispose();
        server = Track(Pair.Bind(place));
        await OnThread(() => server.Send("again"));
        using (Message again = await message)
        {
            Assert.Equal("again", again.Text);
        }

        FaultyTransport.Mend(place);
        Assert.True(wasHandled());
    }

    [Fact]
    public async Task A_peer_that_frees_space_while_a_sender_finds_the_ring_full_gets_the_rest_of_the_message()
    {
        Address place = TransportsUnderTest.Of("shm").NewPlace();
        Pair server = Track(Pair.Bind(place));
        FaultPlan plan = new(0);
        FaultyTransport.Spoil(place, null, plan);
        await using Pair client = await Pair.ConnectAsync(place);
        Task<Message> answer = client.ReceiveAsync().AsTask();
        Task<Message> reading = server.ReceiveAsync().AsTask();

        // The peer reads nothing until the sender is blocked, or there might always be room.
        // It goes on by another thread: the one that is blocked holds the lock of its link.
        await Polling.Until(() => TryLead(server.Core.Pump));
        using ManualResetEventSlim isBlocked = new();
        Task leaving = OnThread(() =>
        {
            isBlocked.Wait(Guard);
            server.Core.Pump.Leave(isReactor: false);
        });
        Func<bool> wasHandled = WaitForTurn(client, plan, isBlocked.Set);
        byte[] sent = new byte[8 << 20];
        Random.Shared.NextBytes(sent);
        await client.SendAsync(sent);
        await leaving;
        using (Message received = await reading)
        {
            Assert.True(received.Span.SequenceEqual(sent));
        }

        await server.SendAsync("done");
        (await answer).Dispose();
        FaultyTransport.Mend(place);
        Assert.True(wasHandled());
    }

    internal static bool TryLead(Pump pump)
    {
        using (pump.Gate.Hold())
        {
            return pump.TryLead();
        }
    }

    /// <summary>In the first flush that finds no capacity, waits until the pump has handled an event of the connection.</summary>
    private static Func<bool> WaitForTurn(Pair pair, FaultPlan plan, Action? begins = null)
    {
        int flushes = 0;
        bool wasHandled = false;
        plan.WhenBlocked = before =>
        {
            if (Interlocked.Increment(ref flushes) == 1)
            {
                begins?.Invoke();
                Volatile.Write(
                    ref wasHandled, SpinWait.SpinUntil(() => plan.Calls > before && !pair.Core.Pump.IsLed, Guard));
            }
        };
        return () => Volatile.Read(ref wasHandled);
    }
}
