using System.Collections.Concurrent;
using System.Globalization;
using Fairlead.Time;

namespace Fairlead.Tests.Transports.Udp;

/// <summary>
/// Real processes, and between them a network that loses, duplicates and reorders 30 % of the datagrams: everything arrives once, in order,
/// and is answered.
/// </summary>
[FullRun(Reason.Repeats)]
public sealed class LossyLinkTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const double Trouble = 0.3;

    private readonly List<IAsyncDisposable> _processes = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable process in _processes)
        {
            await process.DisposeAsync();
        }
    }

    [Fact]
    public async Task Messages_short_and_long_arrive_once_and_in_order()
    {
        (PeerProcess receiver, LossyRelay relay) = await StartAsync("receiver", "bind");
        using LossyRelay between = relay;
        await using Sender sender = await ConnectingAsync(() => Sender.ConnectAsync(relay.Address));
        int[] sizes = [64, 1_000, 20, 5_000, 70_000];
        await receiver.TellAsync("take 400");
        for (int i = 0; i < 400; i++)
        {
            await sender.SendAsync(Payload.Make(i, sizes[i % sizes.Length]));
        }

        Assert.Equal("400", await receiver.AnswerAsync());
        await receiver.TellAsync("take 40");
        for (int i = 400; i < 440; i++)
        {
            Delivery delivery = i % 2 == 0
                ? await sender.DeliverAsync(Payload.Make(i, sizes[i % sizes.Length]), 60.Seconds())
                : sender.Deliver(Payload.Make(i, 64), 60.Seconds());
            Assert.Equal(DeliveryStatus.Delivered, delivery.Status);
        }

        Assert.Equal("40", await receiver.AnswerAsync());
        Assert.True((await sender.CloseAsync(60.Seconds())).IsComplete);
        Report(relay);
    }

    [Fact]
    public async Task Both_ends_send_at_the_same_time()
    {
        (PeerProcess other, LossyRelay relay) = await StartAsync("pair", "bind");
        using LossyRelay between = relay;
        await using Pair pair = await ConnectingAsync(() => Pair.ConnectAsync(relay.Address));
        await other.TellAsync("take 300");
        Task<int> receiving = Task.Run(async () =>
        {
            int next = 0;
            while (next < 300)
            {
                using Message message = await pair.ReceiveAsync();
                Assert.Equal(next++, Payload.Check(message.Span).Number);
            }

            return next;
        });
        for (int i = 0; i < 300; i++)
        {
            await pair.SendAsync(Payload.Make(i, 300));
        }

        Assert.Equal("300", await other.AnswerAsync());
        await other.AskAsync("send 300 500");
        Assert.Equal(300, await receiving);
        Report(relay);
    }

    [Fact]
    public async Task Each_request_gets_its_own_reply()
    {
        (PeerProcess responder, LossyRelay relay) = await StartAsync("responder", "bind");
        using LossyRelay between = relay;
        await responder.AskAsync("echo");
        await using Requester requester = await ConnectingAsync(() => Requester.ConnectAsync(relay.Address));
        for (int i = 0; i < 20; i++)
        {
            using Message reply =
                i % 2 == 0 ? requester.Request(Payload.Make(i, 200), 60.Seconds()) : await requester.RequestAsync(Payload.Make(i, 30_000));
            Assert.Equal(i, Payload.Check(reply.Span).Number);
        }

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using Message reply = await requester.RequestAsync(Payload.Make(i, 200 + i));
            Assert.Equal((i, 200 + i), (Payload.Check(reply.Span).Number, reply.Length));
        }));
        Report(relay);
    }

    [Fact]
    public async Task Each_item_of_a_work_queue_is_done_once()
    {
        await using WorkQueue queue = await WorkQueue.BindAsync("udp://127.0.0.1:0?reliable=true");
        using LossyRelay relay = NewRelay(queue.Address);
        PeerProcess[] workers = [.. Enumerable.Range(0, 2).Select(_ => PeerProcess.Start("worker", relay.Address.ToString()))];
        _processes.AddRange(workers);
        ConcurrentBag<int> done = [];
        TaskCompletionSource isThrough = new();
        await Task.WhenAll(workers.Select(static worker => worker.AnswerAsync()));
        Task[] reading = [.. workers.Select(worker => Task.Run(async () =>
        {
            while (await worker.TryReadLineAsync() is { } line)
            {
                done.Add(int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture));
                if (done.Count >= 200)
                {
                    isThrough.TrySetResult();
                }
            }
        }))];
        await using (Sender sender = await ConnectingAsync(() => Sender.ConnectAsync(relay.Address)))
        {
            for (int i = 0; i < 200; i++)
            {
                await sender.SendAsync(Payload.Make(i, 100));
            }

            Assert.True((await sender.CloseAsync(60.Seconds())).IsComplete);
        }

        // A queue that closes hands out nothing more.
        await isThrough.Task.WaitAsync(90.Seconds());
        await queue.CloseAsync(60.Seconds());
        await Task.WhenAll(reading);
        Assert.Equal(Enumerable.Range(0, 200), done.Order());
        Report(relay);
    }

    /// <summary>On such a network even the handshake may take several attempts.</summary>
    private static async Task<T> ConnectingAsync<T>(Func<ValueTask<T>> connect)
    {
        while (true)
        {
            try
            {
                return await connect();
            }
            catch (FairleadException late) when (late.Code == ErrorCode.Timeout)
            {
                // Try again.
            }
        }
    }

    private async Task<(PeerProcess Process, LossyRelay Relay)> StartAsync(params string[] words)
    {
        PeerProcess process = PeerProcess.Start([.. words, "udp://127.0.0.1:0?reliable=true"]);
        _processes.Add(process);
        return (process, NewRelay(Address.Parse(await process.AnswerAsync())));
    }

    private LossyRelay NewRelay(Address target)
    {
        int seed = Environment.GetEnvironmentVariable("FAIRLEAD_TEST_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new LossyRelay(target, seed, Trouble);
    }

    private void Report(LossyRelay relay) => output.WriteLine($"{relay.Counts.Seen} datagrams, {relay.Counts.Lost} of them lost");
}
