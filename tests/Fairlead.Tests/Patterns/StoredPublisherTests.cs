using Fairlead.Conformance;
using Fairlead.Logs;
using Fairlead.Tests.Conformance;
using Fairlead.Tests.Memory;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>A publisher with a store: who was away gets what was missed, and then what is published, in order and without a gap.</summary>
[SlowRun]
public sealed partial class StoredPublisherTests(ITestOutputHelper output) : WatchedTest(output)
{
    private static readonly EndpointOptions Returning = new() { ReconnectTimeout = 60.Seconds() };

    private readonly TemporaryDirectory _directory = new();
    private readonly Address _place = $"unix://stored-{Guid.NewGuid():N}";

    private Address Store => $"log://{_directory.Path}/kept?segment=64KiB";

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            _directory.Dispose();
        }
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(3, "2 4")]
    [InlineData(100, "0 2 4")]
    [InlineData(int.MaxValue, "0 2 4")]
    public async Task A_new_subscriber_chooses_how_much_it_wants(int replay, string expected)
    {
        Publisher publisher = Track(Bind());
        for (int i = 0; i < 5; i++)
        {
            publisher.Publish(i % 2 == 0 ? "even" : "odd", Bytes(i));
        }

        Subscriber subscriber = Track(await Subscriber.ConnectAsync(_place, "even", new SubscriberOptions { Replay = replay }));
        publisher.Publish("odd", Bytes(5));
        publisher.Publish("even", Bytes(6));
        Assert.Equal($"{expected} 6".TrimStart(), string.Join(' ', await TakeUntilAsync(subscriber, 6)));
        Assert.Equal(0, subscriber.Missed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_subscriber_that_was_disconnected_gets_the_messages_it_missed(bool hadOne)
    {
        Publisher first = Track(Bind());
        first.Publish("n", Bytes(0));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(_place, "n,other", Returning));
        if (hadOne)
        {
            first.Publish("n", Bytes(1));
            Assert.Equal([1], await TakeUntilAsync(subscriber, 1));
        }

        await first.CloseAsync();
        await using (Publisher alone = Publisher.Bind($"{_place}-elsewhere", new() { Store = Store }))
        {
            for (int i = 2; i < 300; i++)
            {
                alone.Publish(i % 3 == 0 ? "other" : i % 3 == 1 ? "n" : "nobody", Bytes(i));
            }
        }

        Publisher second = Track(Bind());
        second.Publish("n", Bytes(300));
        Assert.Equal(Enumerable.Range(2, 299).Where(static i => i % 3 != 2), await TakeUntilAsync(subscriber, 300));
        Assert.Equal(0, subscriber.Missed);
    }

    [Fact]
    public async Task Messages_published_during_a_replay_follow_the_stored_messages()
    {
        const int Stored = 2000;
        const int Publishers = 4;
        const int Each = 1000;
        Publisher publisher = Track(Bind());
        for (int i = 0; i < Stored; i++)
        {
            publisher.Publish("n", Bytes(i));
        }

        Task[] publishing =
        [
            .. Enumerable.Range(0, Publishers).Select(one => Task.Run(async () =>
            {
                for (int i = 0; i < Each; i++)
                {
                    _ = i % 2 == 0 ? publisher.Publish("n", Bytes(i)) : await publisher.PublishAsync("n", Bytes(i));
                }
            })),
        ];
        Subscriber[] subscribers =
        [
            .. await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Subscriber.ConnectAsync(
                _place,
                "n",
                new SubscriberOptions { Replay = int.MaxValue, OverflowPolicy = OverflowPolicy.Wait, MaxUnreadMessages = 10 }).AsTask())),
        ];
        foreach (Subscriber subscriber in subscribers)
        {
            Track(subscriber);
        }

        await Task.WhenAll(subscribers.Select(async subscriber =>
        {
            for (long due = 1; due <= Stored + (Publishers * Each); due++)
            {
                using Message message = await subscriber.ReceiveAsync();
                Assert.Equal(due, message.Position!.Value.Number);
            }
        }));
        await Task.WhenAll(publishing);
        Assert.All(subscribers, static subscriber => Assert.Equal(0, subscriber.Missed));
    }

    [Fact]
    public async Task A_subscriber_continues_at_its_position()
    {
        Publisher publisher = Track(Bind());
        publisher.Publish("n", Bytes(0));
        publisher.Publish("n", Bytes(1));
        PublishedPosition position;
        await using (Subscriber early = await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { Replay = 100 }))
        {
            using Message message = await early.ReceiveAsync();
            position = PublishedPosition.Parse(message.Position!.Value.ToString());
        }

        publisher.Publish("n", Bytes(2));
        Subscriber late = Track(await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { ResumeAfter = position }));
        Assert.Equal([1, 2], await TakeUntilAsync(late, 2));
    }

    [Fact]
    public async Task Messages_that_the_log_no_longer_keeps_are_counted_as_missed()
    {
        Publisher publisher = Track(Publisher.Bind(_place, new() { Store = $"{Store}&keep=128KiB" }));
        publisher.Publish("n", Bytes(0));
        PublishedPosition position;
        await using (Subscriber early = await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { Replay = 1 }))
        {
            using Message message = await early.ReceiveAsync();
            position = message.Position!.Value;
        }

        byte[] large = new byte[1000];
        for (int i = 1; i <= 1000; i++)
        {
            BitConverter.TryWriteBytes(large, i);
            publisher.Publish("n", large);
        }

        Subscriber late = Track(await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { ResumeAfter = position }));
        using Message first = await late.ReceiveAsync();
        int number = BitConverter.ToInt32(first.Span);
        Assert.InRange(number, 100, 1000);
        Assert.Equal(number - 1, first.Missed);
        Assert.Equal(Enumerable.Range(number + 1, 1000 - number), await TakeUntilAsync(late, 1000));
    }

    [Fact]
    public async Task A_slow_subscriber_gets_all_kept_messages_and_the_number_of_the_others()
    {
        Publisher publisher = Track(Publisher.Bind(_place, new() { Store = $"{Store}&keep=128KiB", MaxUnreadMessages = 10 }));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { MaxUnreadMessages = 10 }));
        byte[] large = new byte[1000];
        for (int i = 0; i < 2000; i++)
        {
            BitConverter.TryWriteBytes(large, i);
            Assert.Equal(1, publisher.Publish("n", large));
        }

        long due = 0;
        while (due < 2000)
        {
            using Message message = await subscriber.ReceiveAsync();
            Assert.Equal(due + message.Missed, BitConverter.ToInt32(message.Span));
            due = BitConverter.ToInt32(message.Span) + 1;
        }

        Assert.InRange(subscriber.Missed, 100, 1990);
        Assert.Equal(0, publisher.Statistics.Dropped);
    }

    [Fact]
    public async Task A_recreated_store_is_not_mistaken_for_the_old_one()
    {
        Publisher first = Track(Bind());
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(_place, "n", Returning));
        for (int i = 0; i < 10; i++)
        {
            first.Publish("n", Bytes(i));
        }

        Assert.Equal(Enumerable.Range(0, 10), await TakeUntilAsync(subscriber, 9));
        await first.CloseAsync();
        Directory.Delete($"{_directory.Path}/kept", recursive: true);
        await using (Publisher alone = Publisher.Bind($"{_place}-elsewhere", new() { Store = Store }))
        {
            for (int i = 100; i < 120; i++)
            {
                alone.Publish("n", Bytes(i));
            }
        }

        _ = Track(Bind());
        Assert.Equal(Enumerable.Range(100, 20), await TakeUntilAsync(subscriber, 119));
    }

    /// <summary>A peer may say anything.</summary>
    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(0)]
    public async Task A_position_of_another_store_starts_at_the_oldest_message(long number)
    {
        Publisher publisher = Track(Bind());
        publisher.Publish("n", Bytes(1));
        Subscriber subscriber = Track(
            await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { ResumeAfter = new PublishedPosition(42, number) }));
        publisher.Publish("n", Bytes(2));
        Assert.Equal([1, 2], await TakeUntilAsync(subscriber, 2));
        Assert.Equal(0, subscriber.Missed);
    }

    /// <summary>Of the messages of one run, the machine has lost the last ones, and another run has taken their numbers.</summary>
    [Fact]
    public async Task Numbers_that_another_run_used_again_are_not_mistaken_for_the_old_ones()
    {
        long last;
        await using (Publisher first = Bind())
        {
            for (int i = 0; i < 5; i++)
            {
                first.Publish("n", Bytes(i));
            }
        }

        PublishedPosition lost;
        await using (Publisher second = Bind())
        await using (Subscriber subscriber = await Subscriber.ConnectAsync(_place, "n"))
        {
            second.Publish("n", Bytes(5));
            using Message message = await subscriber.ReceiveAsync();
            lost = message.Position!.Value;
            last = lost.Number;
        }

        // It had seen three more than what was kept.
        PublishedPosition ahead = lost with { Number = last + 3 };
        await using Publisher third = Bind();
        for (int i = 6; i < 12; i++)
        {
            third.Publish("n", Bytes(i));
        }

        Subscriber late = Track(await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { ResumeAfter = ahead }));
        Assert.Equal(Enumerable.Range(6, 6), await TakeUntilAsync(late, 11));
    }

    [MountFact]
    public async Task A_message_that_does_not_fit_on_the_disk_reaches_no_subscriber_and_later_messages_do()
    {
        using SmallFileSystem small = new();
        Publisher publisher = Track(
            Publisher.Bind(_place, new() { Store = $"log://{small.Path}/kept?segment=64KiB&keep=64KiB" }));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(_place, "n"));
        publisher.Publish("n", new byte[40_000]);
        string ballast = small.Fill();
        FairleadException full = Assert.Throws<FairleadException>(() => publisher.Publish("n", new byte[40_000]));
        Assert.Equal(ErrorCode.Full, full.Code);
        File.Delete(ballast);
        Assert.Equal(1, publisher.Publish("n", "there is room"u8));

        (await subscriber.ReceiveAsync()).Dispose();
        using Message message = await subscriber.ReceiveAsync();
        Assert.Equal(("there is room", 2L), (message.Text, message.Position!.Value.Number));
    }

    [Fact]
    public async Task A_subscriber_without_options_and_a_publisher_without_a_store_are_as_before()
    {
        await using Publisher plain = Publisher.Bind(_place);
        await using Subscriber subscriber = await Subscriber.ConnectAsync(_place, "n", new SubscriberOptions { Replay = 10 });
        plain.Publish("n", Bytes(1));
        using Message message = await subscriber.ReceiveAsync();
        Assert.Null(message.Position);
    }

    [Fact]
    public void A_store_has_one_publisher_and_excludes_a_history()
    {
        using Publisher publisher = Bind();
        FairleadException taken = Assert.Throws<FairleadException>(
            () => Publisher.Bind($"{_place}-other", new() { Store = Store }));
        Assert.Equal((ErrorCode.AlreadyExists, Store), (taken.Code, taken.Address));
        Assert.Throws<ArgumentException>(() => Publisher.Bind($"{_place}-other", new() { Store = Store, History = 10 }));
    }

    [Fact]
    public void A_log_of_something_else_is_no_store()
    {
        using (MappedLog log = MappedLog.Open(Store))
        {
            log.Append("a line"u8);
        }

        FairleadException other = Assert.Throws<FairleadException>(() => Bind());
        Assert.Equal(ErrorCode.Incompatible, other.Code);
        using MappedLog free = MappedLog.Open(Store);
    }

    /// <summary>Whatever runs on the thread that publishes does not wait for its own turn.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_subscriber_may_publish_from_its_reading_thread(bool isBlocking)
    {
        const int Rounds = 500;
        await using Publisher publisher = Publisher.Bind($"inproc://stored-{Guid.NewGuid():N}", new() { Store = Store });
        await using Subscriber subscriber = await Subscriber.ConnectAsync(publisher.Address, "n");
        publisher.Publish("n", Bytes(0));
        for (int i = 0; i < Rounds; i++)
        {
            using Message message = await subscriber.ReceiveAsync();
            Assert.Equal(i, BitConverter.ToInt32(message.Span));
            int reached = isBlocking ? publisher.Publish("n", Bytes(i + 1)) : await publisher.PublishAsync("n", Bytes(i + 1));
            Assert.Equal(1, reached);
        }
    }

    [Fact]
    public async Task A_subscriber_that_stops_reading_stored_messages_delays_no_other()
    {
        Publisher publisher = Track(Bind());
        for (int i = 0; i < 5000; i++)
        {
            publisher.Publish("n", new byte[1000]);
        }

        Subscriber lazy = Track(await Subscriber.ConnectAsync(
            _place, "n", new SubscriberOptions { Replay = int.MaxValue, MaxUnreadMessages = 2, OverflowPolicy = OverflowPolicy.Wait }));
        Subscriber eager = Track(await Subscriber.ConnectAsync(_place, "n"));
        for (int i = 0; i < 100; i++)
        {
            Assert.InRange(publisher.Publish("n", Bytes(i)), 1, 2);
            using Message message = await eager.ReceiveAsync();
            Assert.Equal(i, BitConverter.ToInt32(message.Span));
        }

        using Message first = await lazy.ReceiveAsync();
        Assert.Equal(1, first.Position!.Value.Number);
        Assert.True((await publisher.CloseAsync(1.Milliseconds())).Sent >= 100);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1-2")]
    [InlineData("0123456789abcdef-")]
    [InlineData("0123456789abcdeg-1")]
    [InlineData("0123456789abcdef--1")]
    [InlineData(null)]
    public void An_invalid_position_is_refused(string? text)
    {
        Assert.False(PublishedPosition.TryParse(text, out _));
        PublishedPosition position = new(0xFEDC_BA98_7654_3210, long.MaxValue);
        Assert.Equal(position, PublishedPosition.Parse(position.ToString()));
    }

    private static byte[] Bytes(int number) => BitConverter.GetBytes(number);

    private static async Task<List<int>> TakeUntilAsync(Subscriber subscriber, int last)
    {
        List<int> numbers = [];
        do
        {
            using Message message = await subscriber.ReceiveAsync();
            numbers.Add(BitConverter.ToInt32(message.Span));
        }
        while (numbers[^1] != last);
        return numbers;
    }

    private Publisher Bind() => Publisher.Bind(_place, new() { Store = Store });
}
