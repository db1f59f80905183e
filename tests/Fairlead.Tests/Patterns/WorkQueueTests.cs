using Fairlead.Conformance;
using Fairlead.Framing;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>Items that workers do not take, and answers that come at once.</summary>
public sealed class WorkQueueTests(ITestOutputHelper output) : WatchedTest(output)
{
    [Fact]
    public async Task A_worker_gets_no_item_longer_than_its_limit()
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Receiver small = Track(await Receiver.ConnectAsync(queue.Address.With("maxmessage", "50")));
        Receiver large = Track(await Receiver.ConnectAsync(queue.Address));
        Task running = Task.WhenAll(CountAsync(small, new byte[50]), CountAsync(large, new byte[5_000]));

        for (int i = 0; i < 50; i++)
        {
            Delivery delivery = await sender.DeliverAsync(new byte[i % 3 == 0 ? 10 : 5_000]);
            Assert.True(delivery.IsDelivered, delivery.ToString());
        }

        Assert.Equal(3, queue.Peers.Count);
        Assert.Equal((50L, 0L, 0L), (queue.Accepted, queue.Redeliveries, queue.GivenUp));
        queue.Dispose();
        await running;
    }

    [Fact]
    public async Task A_given_up_item_counts_as_dropped_only_if_its_sender_learns_nothing()
    {
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), new() { MaxDeliveries = 1 }));
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));

        Task<Delivery> delivering = sender.DeliverAsync("told"u8.ToArray()).AsTask();
        using (Message item = await worker.ReceiveAsync())
        {
            item.Reject("on purpose");
        }

        Assert.Contains("on purpose", (await delivering).Reason, StringComparison.Ordinal);
        Assert.Equal((1L, 0L), (queue.GivenUp, queue.Statistics.Dropped));

        await sender.SendAsync("not told"u8.ToArray());
        using (Message item = await worker.ReceiveAsync())
        {
            item.Reject("on purpose");
        }

        await Until(() => queue.Statistics.Dropped == 1, "the item of the sender that waits for nothing is dropped");
        Assert.Equal(2, queue.GivenUp);
    }

    [Fact]
    public async Task An_item_that_is_too_long_for_every_worker_is_given_up_and_delays_no_other()
    {
        List<(int Length, string Reason)> dead = [];
        WorkQueue queue = Track(WorkQueue.Bind(NewPlace(), new()
        {
            DeadLetter = letter =>
            {
                dead.Add((letter.Payload.Length, letter.Reason));
                return default;
            },
        }));
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address.With("maxmessage", "50")));
        Task running = CountAsync(worker, new byte[50]);
        await Until(() => queue.Peers.Count == 2, "both are there");

        Task<Delivery> tooLong = sender.DeliverAsync(new byte[1_000]).AsTask();
        Assert.True((await sender.DeliverAsync(new byte[10])).IsDelivered);

        Delivery refused = await tooLong;
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.Contains("no worker accepts 1000 bytes", refused.Reason, StringComparison.Ordinal);
        Assert.Equal((1_000, "no worker accepts 1000 bytes: the most that a worker accepts is 50 (?maxmessage=)"), Assert.Single(dead));
        Assert.Equal((1L, 1L, 2), (queue.Accepted, queue.GivenUp, queue.Peers.Count));
        queue.Dispose();
        await running;
    }

    [Theory]
    [InlineData("inproc")]
    [InlineData("shm")]
    public async Task A_workers_answer_that_overtakes_the_bookkeeping_of_the_hand_over_loses_nothing(string scheme)
    {
        const int Items = 300;
        WorkQueue queue = Track(
            WorkQueue.Bind($"{scheme}://overtaking-{Guid.NewGuid():N}", new() { MaxDeliveries = int.MaxValue, Prefetch = 1 }));
        int overtaken = 0;

        // If the pump itself hands out the item, no other thread reads the answer: the pump continues after a while.
        queue.BeforeFollowing = isAnswered => overtaken += SpinWait.SpinUntil(isAnswered, 5.Milliseconds()) ? 1 : 0;
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Receiver worker = Track(await Receiver.ConnectAsync(queue.Address));
        Receiver refuses = Track(await Receiver.ConnectAsync(queue.Address));
        bool[] seen = new bool[Items];
        Task working = OnThread(() =>
        {
            for (int done = 0; done < Items; done++)
            {
                using Message message = worker.Receive();
                int item = BitConverter.ToInt32(message.Span);
                Assert.False(seen[item], $"{item} came twice.");
                seen[item] = true;
                message.Accept();
            }
        });
        Task refusing = OnThread(() =>
        {
            try
            {
                while (true)
                {
                    using Message message = refuses.Receive();
                    message.Reject("another time");
                }
            }
            catch (FairleadException)
            {
                // The queue has closed.
            }
        });

        for (int i = 0; i < Items; i++)
        {
            await sender.SendAsync(BitConverter.GetBytes(i));
        }

        await working;
        await queue.DrainAsync();
        Assert.Equal((Items, 0), (queue.Accepted, queue.Count));
        Output.WriteLine($"{queue.Redeliveries} redeliveries, {overtaken} overtaken");
        Assert.True(overtaken > 0, "No answer overtook its hand-over.");
        queue.Dispose();
        await refusing;
    }

    [Fact]
    public async Task A_worker_that_sends_a_message_is_disconnected()
    {
        UnixNameUnderTest transport = new();
        WorkQueue queue = Track(WorkQueue.Bind(transport.NewPlace()));
        using RawPeer worker = Track(RawPeer.Introduce(transport, queue.Address, "Receiver"));
        worker.Send(1, "its own item"u8.ToArray());
        (byte Kind, byte Flags, byte[] Body)? goodbye = await OnThread(worker.ReadToEnd);
        Assert.Equal((14, 2), (goodbye!.Value.Kind, goodbye.Value.Body[0]));
        Assert.Equal((0, 0L), (queue.Count, queue.Accepted));
    }

    [Fact]
    public async Task An_item_that_a_worker_returns_unasked_again_and_again_is_given_up()
    {
        UnixNameUnderTest transport = new();
        WorkQueue queue = Track(WorkQueue.Bind(transport.NewPlace(), new() { MaxDeliveries = 2 }));
        using RawPeer worker = Track(RawPeer.Introduce(transport, queue.Address, "Receiver"));
        Sender sender = Track(await Sender.ConnectAsync(queue.Address));
        Task<Delivery> delivering = sender.DeliverAsync("item"u8.ToArray()).AsTask();
        for (uint call = 1; call <= 2; call++)
        {
            Assert.True(await OnThread(GetsItem));
            worker.Send((byte)MessageKind.Receipt, [(byte)ReceiptStatus.TakenBack], call);
        }

        Task<bool> third = OnThread(GetsItem);
        Assert.Same(delivering, await Task.WhenAny(delivering, third));
        Assert.Contains("given up after 2 deliveries", (await delivering).Reason, StringComparison.Ordinal);
        Assert.Equal((1L, 0L, 0), (queue.GivenUp, queue.Accepted, queue.Count));
        queue.Dispose();
        Assert.False(await third);

        bool GetsItem()
        {
            while (worker.Read() is { } frame)
            {
                if (frame.Kind == (byte)MessageKind.Deliver)
                {
                    return true;
                }
            }

            return false;
        }
    }

    [Fact]
    public async Task An_error_longer_than_the_requesters_limit_is_cut_and_ends_no_connection()
    {
        Responder responder = Track(Responder.Bind(NewPlace(), new() { ErrorDetails = ErrorDetails.Message }));
        Task running = responder.RunAsync(
            static ReadOnlyMemory<byte> (_, _) => throw new InvalidOperationException(new string('é', 3_000)));
        Requester requester = Track(await Requester.ConnectAsync(responder.Address.With("maxmessage", "10")));
        for (int i = 0; i < 3; i++)
        {
            FairleadException error = await Assert.ThrowsAsync<FairleadException>(async () =>
                await requester.RequestAsync("?"u8.ToArray()));
            Assert.Equal(ErrorCode.Failed, error.Code);
            Assert.Contains("éééé", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("ééééé", error.Message, StringComparison.Ordinal);
        }

        responder.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    private static Address NewPlace() => $"unix://work-{Guid.NewGuid():N}";

    private static async Task CountAsync(Receiver worker, byte[] longest)
    {
        await foreach (Message message in worker.ReceiveAllAsync())
        {
            Assert.InRange(message.Length, 0, longest.Length);
        }
    }
}
