using Fairlead.RabbitMQ.Bridges;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>The small types of a bridge, without a broker.</summary>
public sealed class WindowTests
{
    [Fact]
    public void Items_complete_in_order_regardless_of_the_order_of_confirmations()
    {
        PublishWindow<string> window = new();
        AddAll(window);
        Assert.Equal(["b"], window.Take(2, isMultiple: false, out int done));
        Assert.Equal(0, done);
        Assert.Equal(["c"], window.Peek(3, isMultiple: false));
        Assert.Equal(["a", "c"], window.Take(3, isMultiple: true, out done));
        Assert.Equal(3, done);
        Assert.Empty(window.Take(99, isMultiple: false, out done));
        Assert.Equal(0, done);
        Assert.Equal(["d"], window.Take(99, isMultiple: true, out done));
        Assert.Equal(1, done);
    }

    [Fact]
    public void Items_of_lost_channels_are_published_again_before_new_items()
    {
        PublishWindow<string> first = new();
        AddAll(first);
        _ = first.Take(2, isMultiple: false, out _);
        PublishWindow<string> second = first.Leave();
        Assert.Empty(first.Take(4, isMultiple: true, out int done));
        Assert.Equal(0, done);
        PublishAgain(second, "a");
        PublishWindow<string> third = second.Leave();
        PublishAgain(third, "a");
        PublishAgain(third, "c");
        PublishAgain(third, "d");
        Assert.False(third.TryPeekAgain(out _));
        third.Add("e");

        // Four of them, and "b", which was confirmed on the first channel while "a" was not.
        Assert.Equal(["a", "c", "d", "e"], third.Take(4, isMultiple: true, out done));
        Assert.Equal(5, done);
    }

    [Fact]
    public void An_unpublished_item_completes_after_all_older_items()
    {
        PublishWindow<string> window = new();
        Assert.Equal(1, window.Skip());
        window.Add("a");
        Assert.Equal(0, window.Skip());
        Assert.Equal(["a"], window.Take(1, isMultiple: false, out int done));
        Assert.Equal(2, done);
    }

    [Fact]
    public void A_running_request_can_be_cancelled_until_it_ends()
    {
        RunningRequests running = new();
        using RunningRequests.Entry first = running.Begin("a", "1");
        using RunningRequests.Entry second = running.Begin("b", "1");
        using RunningRequests.Entry other = running.Begin("a", "2");
        using (RunningRequests.Entry nameless = running.Begin(null, null))
        using (running.Begin("a", "3"))
        {
            Assert.Equal(4, running.Count);
            running.CallOff("3");
            running.CallOff("unknown");
            Assert.False(nameless.CancellationToken.IsCancellationRequested);
        }

        Assert.Equal(3, running.Count);
        running.CallOff("1");
        first.CallOff();
        Assert.Equal([true, true, false], new[] { first, second, other }.Select(one => one.CancellationToken.IsCancellationRequested));
        Assert.Equal(1, running.Count);
    }

    [Fact]
    public void Aged_returns_requests_that_were_already_running_at_the_last_call()
    {
        RunningRequests running = new();
        using RunningRequests.Entry first = running.Begin("a", "1");
        Assert.Empty(running.Aged());
        using RunningRequests.Entry second = running.Begin("b", "2");
        Assert.Equal("a", Assert.Single(running.Aged()).Key);
        first.Dispose();
        Assert.Equal("b", Assert.Single(running.Aged()).Key);
    }

    [Fact]
    public void A_reused_identity_belongs_to_the_last_request()
    {
        RunningRequests running = new();
        using RunningRequests.Entry first = running.Begin("a", "1");
        using RunningRequests.Entry second = running.Begin("a", "1");
        first.Dispose();
        Assert.Equal(1, running.Count);
        running.CallOff("1");
        Assert.True(second.CancellationToken.IsCancellationRequested);
        Assert.Equal(0, running.Count);
    }

    [Fact]
    public void A_redelivered_message_is_recognized_during_and_after_handling()
    {
        KnownMessages known = new();
        Delivered first = new(null!, null!, 1, null, null, default);
        Delivered again = first with { Tag = 2 };
        Assert.Equal(Knowledge.New, known.Begin("a", first, out Delivered? earlier));
        Assert.Null(earlier);
        Assert.Equal(Knowledge.InHand, known.Begin("a", again, out earlier));
        Assert.Same(first, earlier);
        Assert.Same(again, known.End("a", isAccepted: true));
        Assert.Equal(Knowledge.Accepted, known.Begin("a", first, out _));
        Assert.Equal(Knowledge.New, known.Begin("b", first, out _));
        Assert.Same(first, known.End("b", isAccepted: false));
        Assert.Equal(Knowledge.New, known.Begin("b", again, out _));
        for (int i = 0; i < KnownMessages.Most; i++)
        {
            known.Begin($"{i}", first, out _);
            known.End($"{i}", isAccepted: true);
        }

        Assert.Equal(Knowledge.New, known.Begin("a", first, out _));
    }

    /// <summary>The channel also counts deliveries that need no acknowledgement, such as cancellations: one of these is missing.</summary>
    [Fact]
    public void Deliveries_settled_after_an_open_delivery_are_acknowledged_individually()
    {
        OpenDeliveries deliveries = new();
        deliveries.Begin(1);
        for (ulong i = 3; i < 1000; i++)
        {
            deliveries.Begin(i);
            deliveries.Settle(i, isAccepted: true);
            Assert.Equal(1, deliveries.Accepted);
            Assert.True(deliveries.TryTake(out ulong alone, out bool isOfMore));
            Assert.Equal((i, false), (alone, isOfMore));
            Assert.False(deliveries.TryTake(out _, out _));
            Assert.InRange(deliveries.Count, 0, 100);
        }

        deliveries.Settle(1, isAccepted: true);
        deliveries.Begin(1000);
        deliveries.Settle(1000, isAccepted: true);
        Assert.Equal(2, deliveries.Accepted);
        Assert.True(deliveries.TryTake(out ulong tag, out bool isMultiple));
        Assert.Equal((1000ul, true), (tag, isMultiple));
        Assert.False(deliveries.TryTake(out _, out _));
        Assert.Equal(0, deliveries.Accepted);
    }

    /// <summary>The broker closes the channel for an acknowledgement of a delivery that it does not know.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Only_accepted_deliveries_are_acknowledged_each_once_in_any_order(int seed)
    {
        const int Prefetch = 50;
        Random random = new(seed);
        OpenDeliveries deliveries = new();
        SortedSet<ulong> accepted = [];
        SortedSet<ulong> unsettled = [];
        ulong last = 0;
        for (int i = 0; i < 20_000; i++)
        {
            if (unsettled.Count + accepted.Count < Prefetch && random.Next(3) > 0)
            {
                last += random.Next(10) == 0 ? 2ul : 1ul;
                deliveries.Begin(last);
                unsettled.Add(last);
            }
            else if (unsettled.Count > 0 && random.Next(4) > 0)
            {
                ulong one = random.Next(2) == 0 ? unsettled.Min : unsettled.ElementAt(random.Next(unsettled.Count));
                bool isAccepted = random.Next(5) > 0;
                deliveries.Settle(one, isAccepted);
                unsettled.Remove(one);
                _ = isAccepted && accepted.Add(one);
            }
            else if (deliveries.TryTake(out ulong tag, out bool isMultiple))
            {
                Assert.Contains(tag, accepted);
                Assert.False(isMultiple && unsettled.Min is > 0 and ulong first && first < tag);
                accepted.RemoveWhere(one => one == tag || (isMultiple && one < tag));
            }
            else
            {
                Assert.Empty(accepted);
            }

            Assert.Equal(accepted.Count, deliveries.Accepted);
            Assert.InRange(deliveries.Count, 0, 3 * Prefetch);
        }
    }

    private static void AddAll(PublishWindow<string> window)
    {
        Assert.Equal(1ul, window.Add("a"));
        Assert.Equal(2ul, window.Add("b"));
        Assert.Equal(3ul, window.Add("c"));
        Assert.Equal(4ul, window.Add("d"));
    }

    private static void PublishAgain(PublishWindow<string> window, string expected)
    {
        Assert.True(window.TryPeekAgain(out string? item));
        Assert.Equal(expected, item);
        window.Add(item);
        window.RemoveAgain();
    }
}
