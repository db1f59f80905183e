using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Values;
using Fairlead.Time;
using Fairlead.Transports.SharedMemory;

namespace Fairlead.Tests.Transports.SharedMemory;

/// <summary>Messages published once for all, beside those that must use a subscriber's own connection.</summary>
[SlowRun(Reason = "the broadcast ring, with second processes")]
public sealed partial class BroadcastTests(ITestOutputHelper output)
{
    private static readonly int Rounds = TestSize.Given("FAIRLEAD_KILLS", 8);

    [Fact]
    public void The_fields_of_a_broadcast_ring_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (128, 256, 384, 512, 24, 64),
            (
                BroadcastLayout.TailAt,
                BroadcastLayout.FloorAt,
                BroadcastLayout.WaitsAt,
                BroadcastLayout.UnfencedAt,
                BroadcastLayout.RecordHead,
                BroadcastLayout.MostSlots));
        Assert.Equal((640, 648, 656, 664), (RingLayout.ReadAt, RingLayout.ConsumedAt, RingLayout.ConsumedBytesAt, RingLayout.LeftAt));
        Assert.Equal((24, 32, 40), (BroadcastLayout.Whole(0), BroadcastLayout.Whole(1), BroadcastLayout.Whole(9)));
    }

    [Fact]
    public void Only_the_creator_can_write_to_the_memory()
    {
        const long Capacity = RingLayout.LeastCapacity;
        using Descriptor file = MemoryFile.CreateForReaders("broadcast test", RingMemory.ControlSize + Capacity);
        using RingMemory mine = new(file, Capacity);
        MemoryFile.SealAgainstWriters(file);
        Fill(mine, 42);
        Assert.Throws<FairleadException>(() => new RingMemory(file, Capacity));
        using RingMemory theirs = new(file, Capacity, isReadOnly: true);
        Assert.Equal(42, First(theirs));
        Assert.False(file.Write([1]).Ok);
    }

    [Fact]
    public async Task Short_and_long_messages_reach_all_subscribers_in_order()
    {
        const int Count = 3_000;
        await using Publisher publisher = await Publisher.BindAsync(
            NewPlace("capacity=64kB&messages=100"), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        Task<int>[] reading = new Task<int>[20];
        for (int i = 0; i < reading.Length; i++)
        {
            Subscriber subscriber = await Subscriber.ConnectAsync(
                Bare(publisher.Address).With("messages", $"{5 + (40 * i)}").With("full", "wait"));
            reading[i] = ReadAllAsync(subscriber);
        }

        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        await Task.Run(() =>
        {
            for (int i = 0; i < Count; i++)
            {
                // Now and then longer than a record may be, than the windows, and than the ring.
                int length = random.Next(100) switch
                {
                    0 => 20_000 + random.Next(400_000),
                    < 10 => random.Next(9_000),
                    _ => random.Next(200),
                };
                Assert.Equal(reading.Length, publisher.Publish("t", Payload.Make(i, length)));
            }
        });
        CloseReport report = await publisher.CloseAsync(60.Seconds());
        Assert.All(await Task.WhenAll(reading), static count => Assert.Equal(Count, count));
        Assert.Equal(new CloseReport(Count * reading.Length, Count * reading.Length, 0, 0), report);
    }

    [Fact]
    public async Task A_quick_subscriber_reads_the_shared_ring_and_a_slow_subscriber_its_own()
    {
        await using Publisher publisher = await Publisher.BindAsync(NewPlace());
        using Subscriber quick = await Subscriber.ConnectAsync(Bare(publisher.Address));
        using Subscriber slow = await Subscriber.ConnectAsync(Bare(publisher.Address).With("messages", "10"));
        for (int i = 0; i < 100; i++)
        {
            publisher.Publish("t", Payload.Make(i, 10));
            using Message message = quick.Receive();
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        Assert.True(publisher.Core.LinkSnapshot.MinBy(static link => link.Token)!.Place.Slot is { IsTaken: true });
        for (int i = 0; i < 100; i++)
        {
            using Message message = slow.Receive();
            Assert.Equal((i, 0L), (Payload.Check(message.Span).Number, message.Missed));
        }

        // It takes its slot again when the publisher has learnt that it has read.
        for (int i = 100; !publisher.Core.LinkSnapshot.All(static link => link.Place.Slot is { IsTaken: true }); i++)
        {
            Assert.Equal(2, publisher.Publish("t", Payload.Make(i, 10)));
            using Message message = slow.Receive();
            Assert.Equal((i, 0L), (Payload.Check(message.Span).Number, message.Missed));
        }

        Assert.Equal(0, publisher.Statistics.Dropped);
    }

    [Fact]
    public async Task A_publisher_sleeps_while_a_subscriber_holds_all_its_messages()
    {
        await using Publisher publisher = await Publisher.BindAsync(
            NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        using Subscriber subscriber = await Subscriber.ConnectAsync(Bare(publisher.Address).With("messages", "10").With("full", "wait"));
        Link link = Assert.Single(publisher.Core.LinkSnapshot);
        ValueTask<Message> first = subscriber.ReceiveAsync();
        Assert.Equal(1, publisher.Publish("t", [0]));
        (await first).Dispose();
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(1, publisher.Publish("t", [1]));
        }

        await Polling.Until(() => publisher.Core.BroadcastHolder.GetOrMake()!.Unread == 0).WaitAsync(60.Seconds());
        Task publishing = Task.Run(() => Assert.Equal(1, publisher.Publish("t", [2])));

        // One that does not sleep has no place in the queue.
        await Polling.Until(() => publishing.IsCompleted || link.LinkSender.Waiting == 1).WaitAsync(60.Seconds());
        Assert.False(publishing.IsCompleted);
        for (int i = 0; i < 11; i++)
        {
            (await subscriber.ReceiveAsync()).Dispose();
        }

        await publishing;
    }

    [Fact]
    public async Task More_subscribers_than_slots_are_all_served_and_slots_are_reused()
    {
        await using Publisher publisher = await Publisher.BindAsync(NewPlace());
        for (int round = 0; round < 3; round++)
        {
            Subscriber[] subscribers = new Subscriber[BroadcastLayout.MostSlots + 6];
            for (int i = 0; i < subscribers.Length; i++)
            {
                subscribers[i] = await Subscriber.ConnectAsync(Bare(publisher.Address), i % 2 == 0 ? "even,all" : "odd,all");
            }

            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(subscribers.Length, publisher.Publish("all", Payload.Make(2 * i, 10)));
                Assert.Equal(subscribers.Length / 2, publisher.Publish(i % 2 == 0 ? "even" : "odd", Payload.Make((2 * i) + 1, 10)));
            }

            for (int i = 0; i < subscribers.Length; i++)
            {
                foreach (int number in Enumerable.Range(0, 20).Where(number => number % 2 == 0 || number / 2 % 2 == i % 2))
                {
                    using Message message = await subscribers[i].ReceiveAsync();
                    Assert.Equal((number, 0L), (Payload.Check(message.Span).Number, message.Missed));
                }

                Assert.False(subscribers[i].TryReceive(out _));
                subscribers[i].Dispose();
            }

            while (publisher.Peers.Count > 0)
            {
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task A_stopped_subscriber_delays_no_other_and_continues_where_it_stopped()
    {
        const int Count = 100_000;
        await using Publisher publisher = await Publisher.BindAsync(NewPlace("capacity=64kB"));
        await using PeerProcess stopped = PeerProcess.Start("subscriber", "connect", Bare(publisher.Address).ToString(), "t");
        await stopped.AnswerAsync();
        using Subscriber quick = await Subscriber.ConnectAsync(Bare(publisher.Address).With("full", "wait"), "t,u");
        Task<int> reading = ReadAllAsync(quick);
        await stopped.TellAsync("take 1100");
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(2, publisher.Publish("t", Payload.Make(i, 100)));
        }

        await stopped.StopAsync();
        await Task.Run(() =>
        {
            for (int i = 100; i < Count; i++)
            {
                // The publisher passes its unread messages many times over.
                Assert.Equal(i < 1_100 ? 2 : 1, publisher.Publish(i < 1_100 ? "t" : "u", Payload.Make(i, 100)));
            }
        });
        stopped.Continue();
        Assert.Equal("1100", await stopped.AnswerAsync());
        await publisher.CloseAsync(60.Seconds());
        Assert.Equal(Count, await reading);
    }

    [Fact]
    public async Task Subscribers_that_die_at_any_time_leave_the_others_as_they_were()
    {
        await using Publisher publisher = await Publisher.BindAsync(
            NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        Subscriber steady = await Subscriber.ConnectAsync(Bare(publisher.Address).With("full", "wait").With("messages", "500"));
        Task<int> reading = ReadAllAsync(steady);
        int published = 0;
        Random random = RandomSeed.Printed(output);
        using CancellationTokenSource ending = new();
        Task publishing = Task.Run(() =>
        {
            while (!ending.IsCancellationRequested)
            {
                publisher.Publish("t", Payload.Make(published++, 64));
            }
        });
        for (int i = 0; i < 8; i++)
        {
            await using PeerProcess peer = PeerProcess.Start(
                "subscriber",
                "connect",
                Bare(publisher.Address)
                    .With("full", i % 2 == 0 ? "wait" : "drop-oldest")
                    .With("messages", i % 3 == 0 ? "50" : "100000")
                    .ToString(),
                "t");
            await peer.AnswerAsync();
            await peer.TellAsync("slow 1");
            int until = published + random.Next(5_000);
            while (published < until)
            {
                await Task.Yield();
            }

            peer.KillAndGoOn();
        }

        await ending.CancelAsync();
        await publishing;
        await publisher.CloseAsync(60.Seconds());
        Assert.Equal(published, await reading);
        output.WriteLine($"{published} published");
    }

    [Fact]
    public async Task Subscribers_of_a_dead_publisher_end_after_its_last_message()
    {
        Address place = NewPlace();
        await using PeerProcess peer = PeerProcess.Start("publisher", "bind", place.ToString());
        await peer.AnswerAsync();
        Subscriber[] subscribers = new Subscriber[4];
        for (int i = 0; i < subscribers.Length; i++)
        {
            subscribers[i] = await Subscriber.ConnectAsync(place);
        }

        // The first uses the connections, the others do not.
        Assert.Equal("4", await peer.AskAsync("publish t 1000"));
        peer.KillAndGoOn();
        foreach (Subscriber subscriber in subscribers)
        {
            for (int i = 0; i < 1_000; i++)
            {
                using Message message = await subscriber.ReceiveAsync();
                Assert.Equal(i, Payload.Check(message.Span).Number);
            }

            FairleadException lost = await Assert.ThrowsAsync<FairleadException>(async () => await subscriber.ReceiveAsync());
            Assert.Equal((ErrorCode.PeerGone, CloseReason.PeerDied), (lost.Code, lost.Reason));
            subscriber.Dispose();
        }
    }

    [Fact]
    public async Task A_subscriber_that_corrupts_its_own_words_harms_only_itself()
    {
        await using Publisher publisher = await Publisher.BindAsync(
            NewPlace("capacity=64kB"), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan });
        Subscriber honest = await Subscriber.ConnectAsync(Bare(publisher.Address).With("full", "wait"));
        Task<int> reading = ReadAllAsync(honest);
        int published = 0;
        int survived = 0;
        Random random = RandomSeed.Printed(output);

        // Continues until at least one has been detected: most corrupt something harmless.
        int rounds = 0;
        for (; rounds < Rounds || survived == rounds; rounds++)
        {
            int seed = random.Next();
            await using PeerProcess peer = PeerProcess.Start(
                "spoiler", "subscribe", Bare(publisher.Address).ToString(), seed.ToString(CultureInfo.InvariantCulture));
            await peer.AnswerAsync();
            int last = published + 30_000;
            await Task.Run(() =>
            {
                while (published < last && publisher.Peers.Count > 1)
                {
                    publisher.Publish("t", Payload.Make(published++, 100));
                }
            });
            survived += published == last ? 1 : 0;
            peer.KillAndGoOn();
            while (publisher.Peers.Count > 1)
            {
                await Task.Yield();
            }
        }

        CloseReport report = await publisher.CloseAsync(60.Seconds());
        Assert.Equal(published, await reading);
        output.WriteLine($"{rounds - survived} of {rounds} were sent away; {report}");
    }

    [Fact]
    public async Task Subscribers_disconnect_from_a_publisher_that_corrupts_its_ring()
    {
        Dictionary<ErrorCode, int> ends = [];
        Random random = RandomSeed.Printed(output);
        for (int i = 0; i < Rounds; i++)
        {
            int seed = random.Next();
            Address place = NewPlace();
            await using PeerProcess peer = PeerProcess.Start(
                "spoiler", "publish", place.ToString(), seed.ToString(CultureInfo.InvariantCulture));
            await peer.AnswerAsync();
            using Subscriber subscriber = await Subscriber.ConnectAsync(place);
            FairleadException? end = null;
            for (int count = 0; end is null; count++)
            {
                if (count == 100_000)
                {
                    peer.KillAndGoOn();
                }

                try
                {
                    if (subscriber.TryReceive(count < 100_000 ? 100.Milliseconds() : Timeout.InfiniteTimeSpan, out Message message))
                    {
                        using (message)
                        {
                            Assert.InRange(message.Length, 0, 20_000);
                        }
                    }
                    else
                    {
                        // It has corrupted the ring and gets no more messages, which harms only itself.
                        count = 99_999;
                    }
                }
                catch (FairleadException exception)
                {
                    end = exception;
                }
            }

            ends[end.Code] = ends.GetValueOrDefault(end.Code) + 1;
        }

        output.WriteLine(string.Join(", ", ends.Select(static pair => $"{pair.Key}: {pair.Value}")));
        Assert.All(ends.Keys, static code => Assert.Contains(code, new[] { ErrorCode.Corrupt, ErrorCode.PeerGone, ErrorCode.TooLarge }));
    }

    private static async Task<int> ReadAllAsync(Subscriber subscriber)
    {
        int count = 0;
        await foreach (Message message in subscriber.ReceiveAllAsync())
        {
            (int number, _) = Payload.Check(message.Span);
            Assert.Equal((count, 0L), (number, message.Missed));
            count++;
        }

        subscriber.Dispose();
        return count;
    }

    private static Address NewPlace(string options = "") =>
        $"shm://broadcast-{Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)}{(options.Length > 0 ? "?" : "")}{options}";

    private static Address Bare(Address address) => address.WithoutOptions();

    private static unsafe void Fill(RingMemory memory, byte value) => memory.Data[0] = value;

    private static unsafe byte First(RingMemory memory) => memory.Data[memory.Capacity];
}
