using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Calls;

/// <summary>The calls of one client leave places to the calls of others.</summary>
public sealed class CallPlacesTests
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly Client One = new() { ProcessId = 1 };
    private static readonly Client Other = new() { ProcessId = 2 };

    [Theory]
    [InlineData("shm", 0)]
    [InlineData("unix", 1)]
    [InlineData("tcp", 0)]
    public async Task Slow_calls_of_one_client_do_not_block_another_client(string transport, int threads)
    {
        const int Most = 8;
        const int MostOfClient = 6;
        TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using SemaphoreSlim begun = new(0);
        Guarded service = new(async (number, _) =>
        {
            if (number < Most)
            {
                begun.Release();
                await gate.Task;
            }

            return number;
        });
        RpcServerOptions options = new()
        {
            MaxConcurrentCalls = Most,
            BlockingThreads = threads,
            Clients = ReferenceEqualityComparer.Instance,
        };
        await using RpcServer server = await Rpc.ServeAsync<IGuarded>(Places.New(transport), service, options);
        await using RpcClient<IGuarded> slow = await Rpc.ConnectAsync<IGuarded>($"{server.Addresses[0]}");
        await using RpcClient<IGuarded> quick = await Rpc.ConnectAsync<IGuarded>($"{server.Addresses[0]}");
        Task<int>[] held = [.. Enumerable.Range(0, Most).Select(async number => await slow.Service.PassAsync(number))];
        for (int i = 0; i < MostOfClient; i++)
        {
            Assert.True(await begun.WaitAsync(Watchdog));
        }

        for (int number = 100; number < 110; number++)
        {
            Assert.Equal(number, await quick.Service.PassAsync(number).AsTask().WaitAsync(Watchdog));
        }

        // The rest of the first client waits, and is executed when its own places are free.
        Assert.DoesNotContain(held, static call => call.IsCompleted);
        gate.SetResult();
        Assert.Equal(Enumerable.Range(0, Most), await Task.WhenAll(held).WaitAsync(Watchdog));
    }

    [Fact]
    public void A_client_gets_at_most_three_quarters_of_the_slots()
    {
        foreach ((int count, int most) in ((int, int)[])[(1, 1), (3, 3), (4, 3), (64, 48)])
        {
            CallPlaces places = New(count);
            for (int i = 0; i < most; i++)
            {
                Assert.Null(places.Enter(One));
            }

            Assert.NotNull(places.Enter(One));
            Assert.Equal(most == count, places.Enter(Other) is not null);
        }
    }

    [Fact]
    public async Task Calls_wait_in_order_and_overtake_calls_of_a_client_whose_slots_are_all_in_use()
    {
        CallPlaces places = New(4);
        for (int i = 0; i < 3; i++)
        {
            Assert.Null(places.Enter(One));
        }

        Task first = Wait(places, One);
        Assert.Null(places.Enter(Other));
        Task second = Wait(places, Other);
        Task third = Wait(places, One);
        places.Leave(Other);
        await second.WaitAsync(Watchdog);
        Assert.False(first.IsCompleted);
        places.Leave(One);
        await first.WaitAsync(Watchdog);
        Assert.False(third.IsCompleted);

        // Both may have more now: the order of arrival counts.
        places.Leave(One);
        await third.WaitAsync(Watchdog);
        Task fourth = Wait(places, Other);
        Task fifth = Wait(places, One);
        places.Leave(One);
        await fourth.WaitAsync(Watchdog);
        Assert.False(fifth.IsCompleted);
        places.Leave(Other);
        await fifth.WaitAsync(Watchdog);
    }

    [Fact]
    public async Task A_cancelled_call_frees_its_queue_position_or_its_slot()
    {
        CallPlaces places = New(1);
        using CancellationTokenSource giveUp = new();
        Assert.Null(places.Enter(One));
        CallPosition waiting = places.Enter(One)!;
        CallPosition late = places.Enter(Other)!;
        Task waits = waiting.WaitAsync(giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits.WaitAsync(Watchdog));

        // The place goes to the other client, who gives it up after it has come.
        places.Leave(One);
        late.GiveUp();
        Assert.Null(places.Enter(One));
        Assert.NotNull(places.Enter(Other));
    }

    [Fact]
    public void Connections_of_one_client_share_its_slots()
    {
        CallPlaces places = New(4);
        Client again = new() { ProcessId = 1 };
        Assert.Null(places.Enter(One));
        Assert.Null(places.Enter(again));
        Assert.Null(places.Enter(One));
        Assert.NotNull(places.Enter(again));
        Assert.NotNull(places.Enter(new Client { ProcessId = 1 }));
        Assert.Null(places.Enter(Other));
    }

    private static CallPlaces New(int count) => new(count, Client.ClientComparer);

    private static Task Wait(CallPlaces places, Client client) => places.Enter(client)!.WaitAsync(CancellationToken.None).AsTask();
}
