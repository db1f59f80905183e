using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead.Conformance.Faults;

/// <summary>
/// Short conversations of two ends, one for each pattern, as users write them. If one end fails, the other is told to stop; whatever
/// happens, both close.
/// </summary>
public sealed class FaultPlays
{
    /// <summary>A play that lasts this long hangs.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly Dictionary<string, Play> All = new(StringComparer.Ordinal)
    {
        ["messages"] = static (play, place, bound, connecting, cancellationToken) =>
            play.MessagesAsync(place, bound, connecting, cancellationToken),
        ["long messages"] = static (play, place, bound, connecting, cancellationToken) =>
            play.LongMessagesAsync(place, bound, connecting, cancellationToken),
        ["requests"] = static (play, place, bound, connecting, cancellationToken) =>
            play.RequestsAsync(place, bound, connecting, cancellationToken),
        ["publications"] = static (play, place, bound, connecting, cancellationToken) =>
            play.PublicationsAsync(place, bound, connecting, cancellationToken),
        ["items"] = static (play, place, bound, connecting, cancellationToken) =>
            play.ItemsAsync(place, bound, connecting, cancellationToken),
        ["hub"] = static (play, place, bound, connecting, cancellationToken) => play.HubAsync(place, bound, connecting, cancellationToken),
        ["pair"] = static (play, place, bound, connecting, cancellationToken) =>
            play.PairAsync(place, bound, connecting, cancellationToken),
    };

    private readonly ConcurrentBag<MessagingEndpoint> _endpoints = [];

    // The time for which one side waits for an action of the other that may have failed.
    private readonly TimeSpan _soon;

    private FaultPlays(TimeSpan soon) => _soon = soon;

    private delegate Task Play(
        FaultPlays play, Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken);

    /// <summary>The names of all plays.</summary>
    public static IEnumerable<string> Names => All.Keys;

    /// <summary>Those of the default run: one message after the other, and requests.</summary>
    public static IReadOnlyList<string> InDefaultRun { get; } = ["messages", "requests"];

    /// <summary>Plays, closes everything, and checks that nothing is left.</summary>
    /// <param name="name">Which.</param>
    /// <param name="place">Where.</param>
    /// <param name="bound">The options of the bound end.</param>
    /// <param name="connecting">The options of the other end.</param>
    /// <param name="soon">The time for which one side waits for an action of the other that may have failed.</param>
    /// <returns>The exception that ended it; null if it succeeded.</returns>
    public static async Task<Exception?> PlayAsync(
        string name, Address place, EndpointOptions bound, EndpointOptions connecting, TimeSpan soon)
    {
        using CancellationTokenSource end = new(Patience);
        FaultPlays play = new(soon);
        Exception? failure = null;
        try
        {
            await All[name](play, place, bound, connecting, end.Token);
        }
        catch (Exception thrown)
            when (thrown
                    is InjectedFaultException
                        or FairleadException
                        or ObjectDisposedException
                        or OperationCanceledException
                        or TimeoutException)
        {
            failure = thrown;
        }

        Require(!end.IsCancellationRequested, $"It stood still: {failure}");
        foreach (MessagingEndpoint endpoint in play._endpoints)
        {
            endpoint.Dispose();

            // A thread that was released a moment ago may not have counted itself out yet.
            SpinWait.SpinUntil(() => Left(endpoint.Core.Pump) == default, Patience);
            var left = Left(endpoint.Core.Pump);
            Require(left == default, $"{endpoint.GetType().Name} has left something behind: {left}");
            Require(endpoint.Core.LinkSnapshot.Length == 0, "A link is left.");
        }

        return failure;
    }

    private static (int Callers, int Blocked, int Partly, int Looking) Left(Pump pump) =>
        (pump.AwaitedEvents.Callers, pump.AwaitedEvents.BlockedLinks, pump.AwaitedEvents.PartlyRead, pump.MemoryWaiter.Lookers);

    private static void Require(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new InvalidOperationException(otherwise);
        }
    }

    /// <summary>Runs both sides at once: when one fails, the other is told to stop. The first failure is thrown.</summary>
    private static async Task BothAsync(
        Func<CancellationToken, Task> one, Func<CancellationToken, Task> other, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ExceptionDispatchInfo? first = null;
        await Task.WhenAll(RunAsync(one), RunAsync(other));
        first?.Throw();

        Task RunAsync(Func<CancellationToken, Task> side) => Task.Run(
            async () =>
            {
                try
                {
                    await side(stop.Token);
                }
                catch (Exception thrown)
                {
                    Interlocked.CompareExchange(ref first, ExceptionDispatchInfo.Capture(thrown), null);
                    await stop.CancelAsync();
                }
            },
            CancellationToken.None);
    }

    /// <summary>Fails the play if the message was not delivered.</summary>
    private static void Expect(Delivery delivery)
    {
        if (!delivery.IsDelivered)
        {
            throw new FairleadException(ErrorCode.PeerGone, delivery.ToString());
        }
    }

    private T Keep<T>(T endpoint)
        where T : MessagingEndpoint
    {
        _endpoints.Add(endpoint);
        return endpoint;
    }

    private async Task MessagesAsync(Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        Receiver receiver = Keep(await Receiver.BindAsync(place, bound, cancellationToken));
        await BothAsync(
            async stop =>
            {
                for (int i = 0; i < 4; i++)
                {
                    using Message message = i % 2 == 0 ? receiver.Receive(null, stop) : await receiver.ReceiveAsync(_soon, stop);
                    message.Accept();
                }

                await receiver.CloseAsync(_soon);
            },
            async stop =>
            {
                Sender sender = Keep(await Sender.ConnectAsync(receiver.Address, connecting, stop));
                sender.Send("one"u8, _soon, stop);
                await sender.SendAsync("two"u8, stop);
                await sender.FlushAsync(_soon, stop);
                Expect(sender.Deliver("three"u8, _soon, stop));
                Expect(await sender.DeliverAsync("four"u8, _soon, stop));
                await sender.CloseAsync(_soon);
            },
            cancellationToken);
    }

    private async Task LongMessagesAsync(
        Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        const int Length = 3_000_000;
        Receiver receiver = Keep(await Receiver.BindAsync(place, bound, cancellationToken));
        await BothAsync(
            async stop =>
            {
                for (int i = 0; i < 2; i++)
                {
                    using Message message = await receiver.ReceiveAsync(_soon, stop);
                    Require(message.Memory.Length == Length, "It is cut.");
                }

                await receiver.CloseAsync(_soon);
            },
            async stop =>
            {
                Sender sender = Keep(await Sender.ConnectAsync(receiver.Address, connecting, stop));
                sender.Send(new byte[Length], _soon, stop);
                await sender.SendAsync(new ReadOnlyMemory<byte>(new byte[Length]), stop);
                await sender.CloseAsync(_soon);
            },
            cancellationToken);
    }

    private async Task RequestsAsync(Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        Responder responder = Keep(await Responder.BindAsync(place, bound, cancellationToken));
        using CancellationTokenSource served = new();
        await BothAsync(
            async stop =>
            {
                using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(stop, served.Token);
                try
                {
                    await responder.RunAsync(static (request, _) => request.Memory.ToArray(), cancellationToken: end.Token);
                }
                catch (OperationCanceledException) when (served.IsCancellationRequested)
                {
                    // It was told to stop.
                }
            },
            async stop =>
            {
                Requester requester = Keep(await Requester.ConnectAsync(responder.Address, connecting, stop));
                using (Message reply = await requester.RequestAsync("one"u8, _soon, stop))
                {
                    Require(reply.Text == "one", "Something else came.");
                }

                using (Message reply = requester.Request("two"u8, _soon, stop))
                {
                    Require(reply.Text == "two", "Something else came.");
                }

                await requester.CloseAsync(_soon);
                await served.CancelAsync();
            },
            cancellationToken);
    }

    private async Task PublicationsAsync(
        Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        Publisher publisher = Keep(
            await Publisher.BindAsync(
                place, new PublisherOptions { TimeProvider = bound.TimeProvider, Heartbeat = bound.Heartbeat }, cancellationToken)
        );
        Subscriber subscriber = Keep(await Subscriber.ConnectAsync(publisher.Address, "a.>", connecting, cancellationToken));
        await BothAsync(
            async stop =>
            {
                publisher.Publish("a.b", "one", stop);
                await publisher.PublishAsync("a.c", "two"u8.ToArray(), stop);
                await publisher.CloseAsync(_soon);
            },
            async stop =>
            {
                using (Message message = await subscriber.ReceiveAsync(_soon, stop))
                {
                    Require(message.Text == "one", "Something else came.");
                }

                using (Message message = subscriber.Receive(_soon, stop))
                {
                    Require(message.Text == "two", "Something else came.");
                }
            },
            cancellationToken);
    }

    private async Task ItemsAsync(Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        WorkQueue queue = Keep(
            await WorkQueue.BindAsync(
                place, new WorkQueueOptions { TimeProvider = bound.TimeProvider, Heartbeat = bound.Heartbeat }, cancellationToken)
        );
        await BothAsync(
            async stop =>
            {
                Receiver worker = Keep(await Receiver.ConnectAsync(queue.Address, connecting, stop));
                for (int i = 0; i < 2; i++)
                {
                    using Message item = await worker.ReceiveAsync(_soon, stop);
                    item.Accept();
                }

                await worker.CloseAsync(_soon);
            },
            async stop =>
            {
                Sender sender = Keep(await Sender.ConnectAsync(queue.Address, connecting, stop));
                Expect(await sender.DeliverAsync("one"u8, _soon, stop));
                Expect(await sender.DeliverAsync("two"u8, _soon, stop));
                await sender.CloseAsync(_soon);
            },
            cancellationToken);
    }

    private async Task HubAsync(Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        HubOptions options = new() { TimeProvider = bound.TimeProvider, Heartbeat = bound.Heartbeat };
        Hub hub = Keep(await Hub.BindAsync(place, options, cancellationToken));
        await BothAsync(
            async stop =>
            {
                if (hub.NextEvent(_soon, stop) is HubEvent.Joined joined)
                {
                    await hub.SendAsync(joined.Client, "one", stop);
                    await hub.BroadcastAsync("two"u8, cancellationToken: stop);
                }

                hub.NextEvent(_soon, stop);
            },
            async stop =>
            {
                Pair pair = Keep(await Pair.ConnectAsync(hub.Address, connecting, stop));
                for (int i = 0; i < 2; i++)
                {
                    using Message message = await pair.ReceiveAsync(_soon, stop);
                }

                await pair.SendAsync("three"u8, stop);
                await pair.CloseAsync(_soon);
            },
            cancellationToken);
    }

    private async Task PairAsync(Address place, EndpointOptions bound, EndpointOptions connecting, CancellationToken cancellationToken)
    {
        Pair one = Keep(await Pair.BindAsync(place, bound, cancellationToken));
        await BothAsync(
            async stop =>
            {
                await one.SendAsync("one"u8, stop);
                using Message message = await one.ReceiveAsync(_soon, stop);
                await one.CloseAsync(_soon);
            },
            async stop =>
            {
                Pair other = Keep(await Pair.ConnectAsync(one.Address, connecting, stop));
                other.Send("two"u8, _soon, stop);
                using Message message = other.Receive(_soon, stop);
                await other.CloseAsync(_soon);
            },
            cancellationToken);
    }
}
