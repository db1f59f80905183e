using Fairlead.Conformance;
using Fairlead.Patterns.Links.Session;
using Fairlead.Tests.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Patterns;

/// <summary>A subscriber that loses its publisher and comes back hears how many messages it has missed, to the last one.</summary>
[SlowRun]
public sealed class CountedAwayTests(ITestOutputHelper output) : WatchedTest(output)
{
    private const string Others = "even,never,even.>";

    private static readonly SubscriberOptions Counting = new() { CountWhileAway = true, ReconnectTimeout = Timeout.InfiniteTimeSpan };

    [Theory]
    [InlineData("unix")]
    [InlineData("unixpacket")]
    [InlineData("shm")]
    [InlineData("tcp")]
    public async Task Each_gap_contains_as_many_messages_as_reported(string scheme)
    {
        string place = scheme == "tcp" ? "tcp://127.0.0.1:0" : $"{scheme}://counted-{Guid.NewGuid():N}";
        Publisher publisher = Track(await Publisher.BindAsync(place));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, Others, Counting));
        using CancellationTokenSource stop = new();
        Task<long> publishing = Task.Run(() => PublishUntil(publisher, stop.Token));
        long last = 0;
        long received = 0;
        Link[] lost = [];
        for (int cuts = 0; cuts < TestSize.Of(20, full: 200); cuts++)
        {
            for (int i = 0; i < 200; i++)
            {
                (last, received) = (await NextAsync(subscriber, last), received + 1);
            }

            lost = Cut(publisher);
        }

        await stop.CancelAsync();
        long published = await publishing;
        await Until(() => !publisher.Core.Links().Intersect(lost).Any(), "the last connection is lost");
        await publisher.WaitForSubscribersAsync("even.x");
        publisher.Publish("even", BitConverter.GetBytes(++published));
        while (last < published)
        {
            (last, received) = (await NextAsync(subscriber, last), received + 1);
        }

        Assert.Equal(published, received + subscriber.Missed);
        Assert.True(subscriber.Missed > 0);
    }

    /// <summary>The number comes with the first message after a return, however soon that follows.</summary>
    [Fact]
    public async Task The_first_message_after_a_reconnect_reports_the_number_of_missed_messages()
    {
        Publisher publisher = Track(await Publisher.BindAsync($"unix://counted-{Guid.NewGuid():N}?messages=64"));
        Subscriber subscriber = Track(
            await Subscriber.ConnectAsync(publisher.Address, Others, Counting with { TimeProvider = new WithoutPauses() }));
        using CancellationTokenSource stop = new();
        Task<long> publishing = Task.Run(() => PublishUntil(publisher, stop.Token));
        long last = 0;
        for (int returns = 0; returns < TestSize.Of(200, full: 10_000);)
        {
            long before = last;
            last = await NextAsync(subscriber, before);
            if (last != before + 1)
            {
                returns++;
                _ = Cut(publisher);
            }
        }

        await stop.CancelAsync();
        _ = await publishing;
    }

    [Fact]
    public async Task Only_messages_on_its_own_topics_published_while_it_is_disconnected_count_as_missed()
    {
        Publisher publisher = Track(await Publisher.BindAsync($"unix://counted-{Guid.NewGuid():N}"));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, "even", Counting));
        await subscriber.SubscribeAsync("later");
        await subscriber.SubscribeAsync("given.up");
        await subscriber.UnsubscribeAsync("given.up");
        Subscriber other = Track(
            await Subscriber.ConnectAsync(publisher.Address, "even", new EndpointOptions { ReconnectTimeout = Timeout.InfiniteTimeSpan }));
        publisher.Publish("even", "first");
        Assert.Equal(("first", 0L), await TextAsync(subscriber));

        Link[] lost = Cut(publisher);
        await Until(() => !publisher.Core.Links().Intersect(lost).Any(), "the connections are lost");
        await publisher.WaitForSubscribersAsync("even", 2);
        await publisher.WaitForSubscribersAsync("later");
        publisher.Publish("given.up", "not for it");
        publisher.Publish("later", "second");
        Assert.Equal(("second", 0L), await TextAsync(subscriber));
        Assert.Equal((0L, 0L), (subscriber.Missed, other.Missed));
    }

    [Fact]
    public async Task A_publisher_that_is_started_again_reports_no_number_of_missed_messages()
    {
        Publisher publisher = Track(await Publisher.BindAsync($"unix://counted-{Guid.NewGuid():N}"));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, "even", Counting));
        publisher.Publish("even", "first");
        Assert.Equal(("first", 0L), await TextAsync(subscriber));
        await publisher.CloseAsync();
        Publisher next = Track(await Publisher.BindAsync(publisher.Address));
        next.Publish("even", "unheard");
        await next.WaitForSubscribersAsync("even");
        next.Publish("even", "second");
        Assert.Equal(("second", 0L), await TextAsync(subscriber));

        // From then on this one counts.
        next.Publish("even", "third");
        Assert.Equal(("third", 0L), await TextAsync(subscriber));
    }

    private static long PublishUntil(Publisher publisher, CancellationToken stop)
    {
        long number = 0;
        while (!stop.IsCancellationRequested)
        {
            publisher.Publish("odd", "x", CancellationToken.None);
            publisher.Publish("even", BitConverter.GetBytes(++number), CancellationToken.None);
        }

        return number;
    }

    private static Link[] Cut(Publisher publisher)
    {
        Link[] links = publisher.Core.Links();
        Array.ForEach(links, static link => link.Kill(CloseReason.PeerDied, "cut by the test"));
        return links;
    }

    private static async Task<long> NextAsync(Subscriber subscriber, long last)
    {
        using Message message = await subscriber.ReceiveAsync(60.Seconds());
        long number = BitConverter.ToInt64(message.Span);
        Assert.Equal(last + 1 + message.Missed, number);
        return number;
    }

    private static async Task<(string Text, long Missed)> TextAsync(Subscriber subscriber)
    {
        using Message message = await subscriber.ReceiveAsync(60.Seconds());
        return (message.Text, message.Missed);
    }

    /// <summary>A clock without the pauses before reconnecting. Time limits are longer, and stay.</summary>
    private sealed class WithoutPauses : TimeProvider
    {
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime < LongestPause ? TimeSpan.Zero : dueTime, period);
    }
}
