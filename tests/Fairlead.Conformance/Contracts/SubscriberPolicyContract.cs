using Fairlead.Time;

namespace Fairlead.Conformance.Contracts;

/// <summary>Slow subscribers, each under its chosen policy: received and missed messages add up to the published ones.</summary>
public abstract partial class SubscriberPolicyContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    [Fact]
    public async Task Each_subscriber_gets_the_policy_that_it_requested()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("messages=10")));
        Subscriber oldest = await SubscribeAsync(publisher, "messages=5", OverflowPolicy.DropOldest);
        Subscriber newest = await SubscribeAsync(publisher, "messages=5&full=drop-newest");
        Subscriber unasked = await SubscribeAsync(publisher, "messages=5");
        Subscriber latest = await SubscribeAsync(publisher, "messages=5", OverflowPolicy.Latest);
        for (int i = 0; i < 100; i++)
        {
            // Ten topics in turn.
            publisher.Publish($"t.{i % 10}", Payload.Make(i, 8));
        }

        Assert.Equal(4 * 85, publisher.Statistics.Dropped);
        (int, int)[] last = [.. Rest(0, 5), (90, 85), .. Rest(91, 100)];
        (int, int)[] first = [.. Rest(0, 15)];
        Assert.Equal(last, await TakeAsync(oldest, 15));
        Assert.Equal(first, await TakeAsync(newest, 15));
        Assert.Equal(first, await TakeAsync(unasked, 15));

        // Each topic keeps the position of its first queued message: 5 to 9, then 0 to 4.
        (int, int)[] values = await TakeAsync(latest, 15);
        Assert.Equal([.. Rest(0, 5), (95, 9), (96, 9), (97, 9), (98, 9), (99, 9), (90, 8), (91, 8), (92, 8), (93, 8), (94, 8)], values);
        await Until(
            () => new[] { oldest, newest, unasked, latest }.All(subscriber => PollMissed(subscriber) == 85), "all know what they missed");

        static IEnumerable<(int, int)> Rest(int from, int to) => Enumerable.Range(from, to - from).Select(static i => (i, 0));
    }

    [Theory]
    [InlineData("latest", 5 + 3)]
    [InlineData("drop-oldest", 5 + 10)]
    public async Task The_publishers_own_policy_applies_to_subscribers_that_request_none(string full, int expected)
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace($"messages=10&full={full}")));
        Subscriber subscriber = await SubscribeAsync(publisher, "messages=5");
        for (int i = 0; i < 60; i++)
        {
            publisher.Publish($"t.{i % 3}", Payload.Make(i, 8));
        }

        (int Number, int Missed)[] taken = await TakeAsync(subscriber, expected);
        Assert.Equal([0, 1, 2, 3, 4], taken[..5].Select(static one => one.Number));
        Assert.Equal([.. Enumerable.Range(60 + 5 - expected, expected - 5)], taken[5..].Select(static one => one.Number).Order());
        Assert.Equal(60, expected + taken.Sum(static one => one.Missed));
        Assert.Equal(60 - expected, subscriber.Missed);
    }

    [Fact]
    public async Task The_policy_latest_is_bounded_for_many_topics_too()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("messages=10")));
        Subscriber subscriber = await SubscribeAsync(publisher, "messages=5&full=latest");
        for (int i = 0; i < 1_000; i++)
        {
            publisher.Publish($"t.{i}", Payload.Make(i, 8));
        }

        (int Number, int Missed)[] taken = await TakeAsync(subscriber, 15);
        Assert.Equal((990, 985), taken[5]);
        Assert.Equal(999, taken[14].Number);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task The_policy_wait_slows_the_publisher_and_loses_nothing(Calls calls)
    {
        const int Count = 2_000;
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan }));
        Subscriber first = await SubscribeAsync(publisher, "messages=5&full=wait");
        Subscriber second = await SubscribeAsync(publisher, "messages=7&full=wait");
        Task publishing = calls == Calls.Blocking
            ? OnThread(() =>
            {
                for (int i = 0; i < Count; i++)
                {
                    Assert.Equal(2, publisher.Publish("t", Payload.Make(i, 30)));
                }
            })
            : Task.Run(async () =>
            {
                for (int i = 0; i < Count; i++)
                {
                    Assert.Equal(2, await publisher.PublishAsync("t", Payload.Make(i, 30)));
                }
            });

        Task<(int, int)[]> other = TakeAsync(second, Count);
        (int, int)[] expected = [.. Enumerable.Range(0, Count).Select(static i => (i, 0))];
        Assert.Equal(expected, await TakeAsync(first, Count));
        Assert.Equal(expected, await other);
        await publishing;
        Assert.Equal(0, publisher.Statistics.Dropped);
    }

    [Fact]
    public async Task No_message_overtakes_a_publication_that_waits()
    {
        int count = TestSize.Of(5_000, full: 20_000);
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan }));
        Subscriber[] subscribers =
        [
            await SubscribeAsync(publisher, "messages=5&full=wait"),
            await SubscribeAsync(publisher, "messages=30&full=wait"),
            await SubscribeAsync(publisher, "full=wait"),
        ];
        Task<int>[] taking =
        [
            .. subscribers.Select(subscriber =>
                Task.Run(async () =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        using Message message = await subscriber.ReceiveAsync();
                        Assert.Equal((i, 0L), (Payload.Check(message.Span).Number, message.Missed));
                    }

            return count;
        }))];
        await OnThread(() =>
        {
            List<Task<int>> publishing = [];
            for (int i = 0; i < count; i++)
            {
                // Not awaited: the next ones follow while these still wait for room.
                if (i % 7 == 6)
                {
                    publisher.Publish("t", Payload.Make(i, 8));
                }
                else
                {
                    publishing.Add(publisher.PublishAsync("t", Payload.Make(i, 8)).AsTask());
                }
            }

            Task.WaitAll([.. publishing]);
        });
        Assert.All(await Task.WhenAll(taking), taken => Assert.Equal(count, taken));
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_subscriber_with_the_policy_wait_that_does_not_read_is_disconnected(Calls calls)
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = 50.Milliseconds() }));
        Subscriber stuck = await SubscribeAsync(publisher, "messages=5&full=wait");
        Subscriber quick = await SubscribeAsync(publisher);
        int reached = 0;
        for (int i = 0; i < 10; i++)
        {
            reached +=
                calls == Calls.Blocking
                    ? await OnThread(() => publisher.Publish("t", Payload.Make(i, 8)))
                    : await publisher.PublishAsync("t", Payload.Make(i, 8));
        }

        Assert.Equal(5 + 10, reached);
        Assert.Equal(10, (await TakeAsync(quick, 10)).Length);
        await TakeAsync(stuck, 5);
        FairleadException why = await FailsAsync(ErrorCode.PeerGone, async () => await stuck.ReceiveAsync());
        Assert.Equal(CloseReason.SlowConsumer, why.Reason);
        Output.WriteLine(why.Message);
        Assert.Equal(1, stuck.Missed);
        await Until(() => publisher.Peers.Count == 1, "it has gone");
    }

    [Fact]
    public async Task Waiting_for_a_subscriber_ends_by_token()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = Timeout.InfiniteTimeSpan }));
        Subscriber stuck = await SubscribeAsync(publisher, "messages=5&full=wait");
        for (int i = 0; i < 5; i++)
        {
            publisher.Publish("t", Payload.Make(i, 8));
        }

        using CancellationTokenSource cancel = new(50.Milliseconds());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await publisher.PublishAsync("t", Payload.Make(5, 8), cancel.Token));
        using CancellationTokenSource second = new(50.Milliseconds());
        await OnThread(() => Assert.ThrowsAny<OperationCanceledException>(() => publisher.Publish("t", Payload.Make(6, 8), second.Token)));
        Assert.Equal(5, (await TakeAsync(stuck, 5)).Length);
        Assert.Equal(1, await publisher.PublishAsync("t", Payload.Make(7, 8)));

        // Under load the token may be cancelled before the call: then nothing was published or missed.
        Assert.Equal((7, (int)publisher.Statistics.Dropped), (await TakeAsync(stuck, 1))[0]);
    }

    [Fact]
    public async Task A_publisher_without_a_longest_wait_refuses_subscribers_with_the_policy_wait()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = TimeSpan.Zero }));
        FairleadException refused = await FailsAsync(ErrorCode.NotSupported, async () => await SubscribeAsync(publisher, "full=wait"));
        Output.WriteLine(refused.Message);
        await SubscribeAsync(publisher, "full=drop-oldest");

        Subscriber bound = Track(await Subscriber.BindAsync(NewPlace("full=wait")));
        await FailsAsync(
            ErrorCode.NotSupported,
            async () => await Publisher.ConnectAsync(Bare(bound.Address), new PublisherOptions { LongestWait = TimeSpan.Zero }));
        Publisher patient = Track(await Publisher.ConnectAsync(Bare(bound.Address)));
        await Until(() => patient.Publish("t", "x") == 1, "the topics have come");
    }

    [Fact]
    public async Task An_unknown_policy_of_a_later_version_is_refused_and_an_unknown_field_is_ignored()
    {
        SkipUnless(Transport.RawSocketType is not null, "no raw socket reaches it");

        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        foreach ((byte[] behind, char answer) in new (byte[], char)[]
        {
            ([6, 0, 1, 2], 'W'), ([6, 0, 1, 5], 'W'), ([], 'W'),
            ([9, 0, 2, 7, 7, 6, 0, 1, 3], 'W'), ([6, 0, 2, 7, 7], 'W'), ([6, 0, 9, 2], 'W'), ([6], 'W'),
            ([6, 0, 1, 0], 'R'), ([6, 0, 1, 4], 'R'), ([6, 0, 1, 77], 'R'), ([6, 0, 1, 255], 'R'),
        })
        {
            using RawPeer raw = new(Transport.ConnectRaw(publisher.Address));
            raw.SayHello("Subscriber", behind: behind);
            (byte Kind, byte Flags, byte[] Body)? came = await OnThread(raw.Read);
            Assert.True(came!.Value.Kind == answer, $"{Convert.ToHexString(behind)} was answered with {(char)came.Value.Kind}.");
            if (answer == 'R')
            {
                Assert.Equal((byte)ErrorCode.NotSupported, came.Value.Body[5]);
            }
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () =>
            await Publisher.BindAsync(NewPlace(), new PublisherOptions { LongestWait = TimeSpan.FromSeconds(-3) }));
    }

    [Fact]
    public async Task The_policy_fail_sends_to_subscribers_with_capacity_and_reports_the_full_ones()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("full=fail")));
        Subscriber slow = await SubscribeAsync(publisher, "messages=5");
        Subscriber quick = await SubscribeAsync(publisher);
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(2, publisher.Publish("t", Payload.Make(i, 8)));
        }

        FairleadException full = Fails(ErrorCode.Full, () => publisher.Publish("t", Payload.Make(5, 8)));
        Output.WriteLine(full.Message);
        await FailsAsync(ErrorCode.Full, async () => await publisher.PublishAsync("t", Payload.Make(6, 8)));
        Assert.Equal(7, (await TakeAsync(quick, 7)).Length);
        await TakeAsync(slow, 5);
        await Until(() => PollMissed(slow) == 2, "it knows what it missed");
    }

    [Theory]
    [InlineData("wait")]
    [InlineData("drop-oldest")]
    [InlineData("drop-newest")]
    [InlineData("latest")]
    public async Task A_slow_subscriber_finally_knows_the_exact_number_of_its_missed_messages(string full)
    {
        int count = TestSize.Of(8_000, full: 30_000);
        Random random = NewRandom();
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("messages=100&capacity=20kB")));
        Subscriber slow = await SubscribeAsync(publisher, $"messages=50&capacity=10kB&full={full}");
        Task<CloseReport> publishing = Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < count; i++)
                {
                    publisher.Publish($"t.{random.Next(40)}", Payload.Make(i, random.Next(600)));
                }

                return publisher.CloseAsync(60.Seconds()).AsTask();
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap();

        long received = 0;
        long missed = 0;
        Dictionary<string, int> last = [];
        await foreach (Message message in slow.ReceiveAllAsync())
        {
            int number = Payload.Check(message.Span).Number;
            int before = full == "latest" ? last.GetValueOrDefault(message.Topic, -1) : last.GetValueOrDefault("", -1);
            Assert.True(number > before, $"{number} came behind {before}.");
            last[full == "latest" ? message.Topic : ""] = number;
            received++;
            missed += message.Missed;
            if (received % 10 == 0)
            {
                await Task.Yield();
                Thread.SpinWait(5_000);
            }
        }

        CloseReport report = await publishing;
        Output.WriteLine($"{received} received, {missed} missed with messages, {slow.Missed} in all");
        Assert.Equal(count, received + slow.Missed);
        Assert.Equal(new CloseReport(received, received, 0, 0), report);
        Assert.Equal(full == "wait" ? 0 : slow.Missed, publisher.Statistics.Dropped);
    }

    [Fact]
    public async Task A_publisher_that_is_disposed_immediately_still_reports_the_missed_messages()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace("messages=10")));
        Subscriber subscriber = await SubscribeAsync(publisher, "messages=5&full=drop-oldest");
        for (int i = 0; i < 100; i++)
        {
            publisher.Publish("t", Payload.Make(i, 8));
        }

        publisher.Dispose();
        int received = 0;
        await foreach (Message _ in subscriber.ReceiveAllAsync())
        {
            received++;
        }

        Assert.Equal((5, 95), (received, (int)subscriber.Missed));
    }

    [Fact]
    public async Task A_message_longer_than_a_subscriber_accepts_counts_as_missed()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = await SubscribeAsync(publisher, "maxmessage=1000");
        publisher.Publish("t", Payload.Make(0, 100));
        publisher.Publish("t", Payload.Make(1, 2_000));
        publisher.Publish("t", Payload.Make(2, 100));
        publisher.Publish("t", Payload.Make(3, 2_000));

        // This message fits only without the number of the missed ones.
        publisher.Publish("t", Payload.Make(4, 1_000 - 4));
        publisher.Publish("t", Payload.Make(5, 10));
        (int, int)[] expected = [(0, 0), (2, 1), (4, 0), (5, 1)];
        Assert.Equal(expected, await TakeAsync(subscriber, 4));
        Assert.Equal(2, subscriber.Missed);
    }

    private async Task<Subscriber> SubscribeAsync(Publisher publisher, string options = "", OverflowPolicy? full = null) =>
        Track(await Subscriber.ConnectAsync(With(Bare(publisher.Address), options), options: new() { OverflowPolicy = full }));

    private static async Task<(int Number, int Missed)[]> TakeAsync(Subscriber subscriber, int count)
    {
        (int, int)[] taken = new (int, int)[count];
        for (int i = 0; i < count; i++)
        {
            using Message message = await subscriber.ReceiveAsync();
            taken[i] = (Payload.Check(message.Span).Number, (int)message.Missed);
        }

        return taken;
    }

    private static long PollMissed(Subscriber subscriber)
    {
        Assert.False(subscriber.TryReceive(out _));
        return subscriber.Missed;
    }
}
