using Fairlead.Time;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/patterns/publisher-subscriber.md</summary>
public sealed class PublisherSubscriberSnippets
{
    private readonly List<string> _used = [];

    [Fact]
    public async Task A_subscriber_gets_messages_of_its_topics()
    {
        CancellationToken cancellationToken = CancellationToken.None;
        await using var publisher = await Publisher.BindAsync("unix://prices");
        await using var subscriber = await Subscriber.ConnectAsync("unix://prices", "eu.>, us.*.stock");
        Task subscribing = Task.Run(async () =>
        {
            await foreach (var message in subscriber.ReceiveAllAsync(cancellationToken))
            {
                Use(message.Topic, message.Span, message.Missed);
            }
        });

        int subscribers = publisher.Publish("eu.bond.10y", "101.25");
        Assert.Equal(1, subscribers);
        Assert.Equal([0, 1, 0], [publisher.Publish("eu", "1"), publisher.Publish("us.ny.stock", "2"), publisher.Publish("us.stock", "3")]);

        await subscriber.SubscribeAsync("asia.>", cancellationToken);
        Assert.Equal(1, publisher.Publish("asia.fx", "4"));
        await subscriber.UnsubscribeAsync("eu.>", cancellationToken);
        Assert.Equal(0, publisher.Publish("eu.bond.10y", "5"));
        Assert.Equal(["us.*.stock", "asia.>"], subscriber.Topics);

        await publisher.CloseAsync(5.Seconds());
        await subscribing;
        Assert.Equal(["eu.bond.10y 6", "us.ny.stock 1", "asia.fx 1"], _used);
    }

    [Fact]
    public async Task A_subscriber_can_ask_to_count_messages_while_it_is_away()
    {
        await using var publisher = await Publisher.BindAsync("unix://prices");
        await using var subscriber = await Subscriber.ConnectAsync(
            "unix://prices", "eu.>", new SubscriberOptions { CountWhileAway = true, ReconnectTimeout = Timeout.InfiniteTimeSpan });
        publisher.Publish("eu.bond.10y", "101.25");
        using Message price = await subscriber.ReceiveAsync();
        Assert.Equal(("101.25", 0L), (price.Text, price.Missed));
    }

    [Fact]
    public async Task A_publisher_stores_its_messages_in_a_log()
    {
        await using var publisher = await Publisher.BindAsync("unix://prices", new() { Store = "log://prices?keep=1GiB" });
        publisher.Publish("eu.bond.10y", "101.25");
        await using var subscriber = await Subscriber.ConnectAsync(
            "unix://prices", "eu.>", new SubscriberOptions { Replay = 100, ReconnectTimeout = Timeout.InfiniteTimeSpan });
        using Message price = await subscriber.ReceiveAsync();
        Assert.Equal("101.25", price.Text);
    }

    [Fact]
    public async Task A_slow_subscriber_gets_the_overflow_policy_that_it_requests()
    {
        await using var publisher = await Publisher.BindAsync("unix://prices");
        await using var slow = await Subscriber.ConnectAsync("unix://prices", "eu.>", new() { OverflowPolicy = OverflowPolicy.DropOldest });
        publisher.Publish("eu.bond.10y", "1");
        Assert.Equal("1", slow.Receive(5.Seconds()).Text);
        Assert.Equal(0, slow.Missed);
    }

    [Fact]
    public async Task A_publisher_without_waiting_refuses_subscribers_that_ask_to_wait()
    {
        await using var publisher = await Publisher.BindAsync(
            "unix://prices", new() { LongestWait = TimeSpan.Zero, OverflowPolicy = OverflowPolicy.Latest });
        var refused = await Assert.ThrowsAsync<FairleadException>(async () => await Subscriber.ConnectAsync("unix://prices?full=wait"));
        Assert.Equal(ErrorCode.NotSupported, refused.Code);
    }

    [Fact]
    public async Task Missed_messages_are_counted()
    {
        await using var publisher = await Publisher.BindAsync("unix://prices?messages=1");
        await using var subscriber = await Subscriber.ConnectAsync("unix://prices?messages=2");
        Assert.Equal(
            [1, 1, 1, 0],
            [publisher.Publish("a", "1"), publisher.Publish("a", "2"), publisher.Publish("a", "3"), publisher.Publish("a", "4")]);
        Assert.Equal(1, publisher.Statistics.Dropped);
        for (int i = 0; i < 3; i++)
        {
            using Message message = subscriber.Receive(5.Seconds());
            Assert.Equal(0, message.Missed);
        }

        // Room is told by an acknowledgement, which the subscriber sends a little later.
        while (publisher.Publish("a", "5") == 0)
        {
            Assert.False(subscriber.TryReceive(1.Milliseconds(), out _));
        }

        using Message next = subscriber.Receive(5.Seconds());
        Assert.True(next.Missed >= 1);
        Assert.Equal(publisher.Statistics.Dropped, next.Missed);
    }

    [Fact]
    public async Task A_late_subscriber_gets_the_history()
    {
        await using var publisher = await Publisher.BindAsync("unix://weather?history=100");
        publisher.Publish("eu.vienna", "21");
        await using var subscriber = await Subscriber.ConnectAsync("unix://weather", "eu.>");
        Assert.Equal("21", subscriber.Receive(5.Seconds()).Text);
    }

    [Fact]
    public async Task A_publisher_waits_for_its_subscribers()
    {
        await using var publisher = await Publisher.BindAsync("unix://prices");
        await using var first = await Subscriber.ConnectAsync("unix://prices", "eu.>");
        await using var second = await Subscriber.ConnectAsync("unix://prices", "*.bond.*");

        await publisher.WaitForSubscribersAsync("eu.bond.10y", count: 2);

        Assert.Equal((2, 1), (publisher.SubscribersOf("eu.bond.10y"), publisher.SubscribersOf("eu.swap.10y")));
    }

    private void Use(string topic, ReadOnlySpan<byte> message, long missed)
    {
        Assert.Equal(0, missed);
        _used.Add($"{topic} {message.Length}");
    }
}
