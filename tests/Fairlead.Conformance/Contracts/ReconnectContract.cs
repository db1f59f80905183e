using System.Collections.Concurrent;
using Fairlead.Diagnostics;
using Fairlead.Registry;

namespace Fairlead.Conformance.Contracts;

/// <summary>A connected endpoint with the option to reconnect gets its peer back.</summary>
public abstract class ReconnectContract(TransportUnderTest transport, ITestOutputHelper output) : Contract(transport, output)
{
    private static readonly EndpointOptions ForEver = new() { ReconnectTimeout = Timeout.InfiniteTimeSpan };

    [Fact]
    public async Task Requests_during_a_restart_are_answered_afterwards_and_requests_in_progress_fail()
    {
        Responder first = Track(await Responder.BindAsync(NewPlace()));
        Requester requester = Track(await Requester.ConnectAsync(first.Address, ForEver));
        ConcurrentQueue<EndpointState> states = new();
        requester.StateChanged += (_, change) => states.Enqueue(change.State);
        ValueTask<Message> underWay = requester.RequestAsync("x"u8);
        Request inHand = await first.ReceiveAsync();
        first.Dispose();
        await FailsAsync(ErrorCode.PeerGone, async () => await underWay);
        inHand.Dispose();

        ValueTask<Message> waiting = requester.RequestAsync("y"u8);
        Task<Message> blocking = OnThread(() => requester.Request("z"u8));
        Responder second = Track(await Responder.BindAsync(first.Address));
        for (int i = 0; i < 2; i++)
        {
            using Request request = await second.ReceiveAsync();
            request.Reply(request.Span);
        }

        using Message answer = await waiting;
        Assert.Equal("y", answer.Text);
        (await blocking).Dispose();
        await Until(() => states.Count == 2, "it has told that it is connected again");
        Assert.Equal([EndpointState.Reconnecting, EndpointState.Connected], states);
    }

    [Theory]
    [InlineData(Calls.Blocking)]
    [InlineData(Calls.Async)]
    public async Task A_repeatable_request_is_repeated_until_it_is_answered(Calls calls)
    {
        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        Address address = responder.Address;
        Requester requester = Track(await Requester.ConnectAsync(address, ForEver));
        RequestOptions options = new() { Idempotent = true, Timeout = TimeSpan.FromMinutes(10) };
        Task<Message> asking =
            calls == Calls.Blocking ? OnThread(() => requester.Request("x"u8, options)) : requester.RequestAsync("x"u8, options).AsTask();
        TimeSpan left = TimeSpan.FromMinutes(10);
        for (int i = 0; i < 5; i++)
        {
            using Request request = await responder.ReceiveAsync();
            Assert.Equal(i > 0, request.Redelivered);
            Assert.InRange(request.Timeout!.Value, TimeSpan.FromMinutes(1), left);
            left = request.Timeout!.Value;
            responder.Dispose();
            responder = Track(await Responder.BindAsync(address));
        }

        using (Request request = await responder.ReceiveAsync())
        {
            request.Reply("y"u8);
        }

        using Message reply = await asking;
        Assert.Equal("y", reply.Text);
    }

    [Fact]
    public async Task A_repeatable_request_is_repeated_until_its_deadline()
    {
        ManualClock clock = new();
        Responder responder = Track(await Responder.BindAsync(NewPlace()));
        Requester requester = Track(
            await Requester.ConnectAsync(responder.Address, ForEver with { TimeProvider = clock, Heartbeat = TimeSpan.Zero }));
        Task<Message> asking = requester
            .RequestAsync("x"u8, new RequestOptions { Idempotent = true, Timeout = TimeSpan.FromMinutes(1) })
            .AsTask();
        using Request request = await responder.ReceiveAsync();
        responder.Dispose();
        await Until(() => requester.Peers.Count == 0, "it has noticed");
        Assert.False(asking.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(2));
        FairleadException late = await FailsAsync(ErrorCode.Timeout, () => asking);
        Assert.Equal(DeliveryStatus.Unknown, late.Delivery);
    }

    [Fact]
    public async Task Losses_and_reconnects_are_reported_in_order_however_fast_they_follow()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Address address = receiver.Address;
        Sender sender = Track(await Sender.ConnectAsync(address, ForEver));
        ConcurrentQueue<EndpointState> states = new();
        sender.StateChanged += (_, change) => states.Enqueue(change.State);
        for (int i = 0; i < 20; i++)
        {
            receiver.Dispose();
            receiver = Track(await Receiver.BindAsync(address));
            await sender.SendAsync("x"u8);
        }

        await Until(() => sender.TrySend("x"u8) == SendResult.Sent && states.Count % 2 == 0, "it is connected, and all is told");
        EndpointState[] told = [.. states];
        Assert.Equal(told.Select(static (_, i) => i % 2 == 0 ? EndpointState.Reconnecting : EndpointState.Connected), told);
    }

    [Fact]
    public async Task Subscriptions_are_made_again()
    {
        Publisher publisher = Track(await Publisher.BindAsync(NewPlace()));
        Subscriber subscriber = Track(await Subscriber.ConnectAsync(publisher.Address, "eu.>", ForEver));
        await subscriber.SubscribeAsync("us.*");
        for (int i = 0; i < 3; i++)
        {
            Address address = publisher.Address;
            publisher.Dispose();
            publisher = Track(await Publisher.BindAsync(address));
            await Until(() => publisher.Publish("us.bond", "1") == 1, "the subscriber is back");
            Assert.Equal(0, publisher.Publish("asia.bond", "3"));
            publisher.Publish("eu.bond", "2");
            using Message us = await subscriber.ReceiveAsync();
            using Message eu = await subscriber.ReceiveAsync();
            Assert.Equal(("us.bond", "eu.bond"), (us.Topic, eu.Topic));
        }
    }

    [Fact]
    public async Task Messages_that_wait_keep_their_order()
    {
        Receiver first = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(first.Address, ForEver));
        await sender.SendAsync("0"u8);
        (await first.ReceiveAsync()).Dispose();
        first.Dispose();
        await Until(() => sender.TrySend("lost?"u8) == SendResult.NoPeer, "the sender has noticed");

        Task[] sends = [.. Enumerable.Range(0, 20).Select(i => sender.SendAsync(BitConverter.GetBytes(i).AsSpan()).AsTask())];
        Receiver second = Track(await Receiver.BindAsync(first.Address));
        await Task.WhenAll(sends);
        for (int i = 0; i < 20; i++)
        {
            using Message message = await second.ReceiveAsync();
            Assert.Equal(i, BitConverter.ToInt32(message.Span));
        }
    }

    [Fact]
    public async Task Sends_around_a_loss_keep_their_order()
    {
        const int Count = 50;
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address, ForEver));
        for (int round = 0; round < 20; round++)
        {
            // Some find the link up, some find it lost without notice, some find none: those of the first kind may be lost with it, and the
            // last message is of the last kind.
            Address address = receiver.Address;
            Task closing = OnThread(receiver.Dispose);
            List<Task> sends = [.. Enumerable.Range(0, Count).Select(i => sender.SendAsync(BitConverter.GetBytes(i).AsSpan()).AsTask())];
            await closing;
            await Until(() => sender.TrySend(BitConverter.GetBytes(-1)) == SendResult.NoPeer, "the sender has noticed");
            sends.Add(sender.SendAsync(BitConverter.GetBytes(Count).AsSpan()).AsTask());
            receiver = Track(await Receiver.BindAsync(address));
            await Task.WhenAll(sends);

            int last = -1;
            while (last < Count)
            {
                using Message message = await receiver.ReceiveAsync();
                int number = BitConverter.ToInt32(message.Span);
                Assert.InRange(number, last + 1, Count);
                last = number;
            }
        }
    }

    [Fact]
    public async Task Reconnecting_ends_after_its_timeout()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address, new() { ReconnectTimeout = TimeSpan.FromMilliseconds(100) }));
        TaskCompletionSource<EndpointStateChange> ended = new();
        sender.StateChanged += (_, change) =>
        {
            if (change.State == EndpointState.Ended)
            {
                ended.TrySetResult(change);
            }
        };
        receiver.Dispose();
        await Until(() => sender.TrySend("lost?"u8) != SendResult.Sent, "the sender has noticed");

        await FailsAsync(ErrorCode.PeerGone, async () => await sender.SendAsync("x"u8));
        Assert.Equal(CloseReason.ClosedByPeer, (await ended.Task).Reason);
        Assert.Equal(SendResult.PeerGone, sender.TrySend("x"u8));
    }

    [Fact]
    public async Task An_endpoint_can_be_closed_while_it_reconnects()
    {
        Receiver receiver = Track(await Receiver.BindAsync(NewPlace()));
        Sender sender = Track(await Sender.ConnectAsync(receiver.Address, ForEver));
        receiver.Dispose();
        await Until(() => sender.TrySend("lost?"u8) == SendResult.NoPeer, "the sender has noticed");
        Task waiting = sender.SendAsync("x"u8).AsTask();

        await EndsAtAsync(TimeSpan.Zero, sender.CloseAsync(TimeSpan.Zero).AsTask());

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    [Fact]
    public async Task The_first_reachable_address_is_used_and_the_next_one_after_a_loss()
    {
        Address nobody = Bare((await BindAndLeaveAsync()).Address);
        DateTimeOffset began = TimeProvider.System.GetUtcNow().AddMilliseconds(-1);
        Responder first = Track(await Responder.BindAsync(NewPlace()));
        Responder second = Track(await Responder.BindAsync(NewPlace()));
        _ = first.RunAsync((_, _) => "first"u8.ToArray());
        _ = second.RunAsync((_, _) => "second"u8.ToArray());
        EndpointOptions options = ForEver with { Alternatives = [Bare(first.Address), Bare(second.Address)] };
        Requester requester = Track(await Requester.ConnectAsync(nobody, options));
        Assert.Equal(Bare(first.Address), requester.Address);
        using (Message reply = await requester.RequestAsync("x"u8))
        {
            Assert.Equal("first", reply.Text);
        }

        first.Dispose();
        using (Message reply = await requester.RequestAsync("x"u8, new RequestOptions { Idempotent = true }))
        {
            Assert.Equal("second", reply.Text);
        }

        Assert.Equal(Bare(second.Address), requester.Address);
        await Until(() => Listed() == Bare(second.Address).ToString(), "others see it where it is now");
        Responder again = Track(await Responder.BindAsync(first.Address));
        _ = again.RunAsync((_, _) => "again"u8.ToArray());
        second.Dispose();
        using (Message reply = await requester.RequestAsync("x"u8, new RequestOptions { Idempotent = true }))
        {
            Assert.Equal("again", reply.Text);
        }

        string Listed() =>
            EndpointRegistry
                .List()
                .Last(one => one.ProcessId == Environment.ProcessId && one.Kind == "requester" && !one.IsBound && one.Since >= began)
                .Address;
    }

    [Fact]
    public async Task Balanced_connections_spread_over_all_addresses()
    {
        Receiver[] receivers =
        [
            Track(await Receiver.BindAsync(NewPlace())),
            Track(await Receiver.BindAsync(NewPlace())),
            Track(await Receiver.BindAsync(NewPlace())),
        ];
        EndpointOptions options = new()
        {
            Alternatives = [.. receivers[1..].Select(receiver => Bare(receiver.Address))],
            AddressSelection = AddressSelection.Balanced,
        };
        HashSet<Address> taken = [];
        await Until(
            () =>
            {
                taken.Add(Track(Sender.Connect(Bare(receivers[0].Address), options)).Address);
                return taken.Count == 3;
            },
            "each has been taken once");
    }

    [Fact]
    public async Task Connecting_fails_or_waits_if_no_address_is_reachable()
    {
        Address one = Bare((await BindAndLeaveAsync()).Address);
        Address other = Bare((await BindAndLeaveAsync()).Address);
        EndpointOptions options = new() { Alternatives = [other] };
        await FailsAsync(ErrorCode.NotFound, async () => await Sender.ConnectAsync(one, options));
        Task<Sender> waiting = Sender.ConnectAsync(one, options with { ConnectTimeout = TimeSpan.FromMinutes(10) }).AsTask();
        Track(await Receiver.BindAsync(other));
        Assert.Equal(other, Track(await waiting).Address);
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await Sender.ConnectAsync(one, options with { Alternatives = [other.With("capacity", "4KiB")] }));
    }

    private async Task<Receiver> BindAndLeaveAsync()
    {
        Receiver receiver = await Receiver.BindAsync(NewPlace());
        receiver.Dispose();
        return receiver;
    }
}
