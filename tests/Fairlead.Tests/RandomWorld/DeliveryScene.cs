using System.Collections.Concurrent;
using Fairlead.Time;

namespace Fairlead.Tests.RandomWorld;

/// <summary>Type 2: the receipt reports what the receiver did.</summary>
internal sealed class DeliveryScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    private readonly ConcurrentDictionary<(int From, int Number), bool> _accepted = new();
    private readonly ConcurrentQueue<((int From, int Number) Key, Delivery Delivery)> _deliveries = new();
    private readonly ConcurrentDictionary<(int From, int Number), int> _handed = new();
    private bool _restarts;

    protected override async Task ActAsync()
    {
        using CancellationTokenSource over = new();
        TaskCompletionSource bound = new();
        Task receiving = ReceiveAsync(new Random(Random.Next()), bound, over.Token);
        await Task.WhenAny(bound.Task, receiving);
        await Task.WhenAll([.. Several(1, 4, DeliverAsync), .. Several(0, 1, own => ActorsAsync(own, "deliverer"))]);
        await over.CancelAsync();
        await receiving;
        Assert.All(_handed, pair => Assert.True(pair.Value == 1, $"{pair.Key} was handed out {pair.Value} times"));
        foreach (((int From, int Number) key, Delivery delivery) in _deliveries)
        {
            bool accepted = _accepted.ContainsKey(key);
            bool handed = _handed.ContainsKey(key);
            Assert.True(!delivery.IsDelivered || accepted, $"{key} was never accepted: {delivery}");
            Assert.True(delivery.Status != DeliveryStatus.NotDelivered || !accepted, $"{key} was accepted: {delivery}");
            Assert.True(
                delivery.Status != DeliveryStatus.NotDelivered || delivery.Cause is null || !handed, $"{key} was handed out: {delivery}");
        }
    }

    private async Task ReceiveAsync(Random own, TaskCompletionSource bound, CancellationToken over)
    {
        _restarts = Chance(own, 0.5);
        while (!over.IsCancellationRequested)
        {
            Receiver receiver = Bind(
            address => Receiver.Bind(address, new() { HandshakeTimeout = Unhurried, MaxUnreadMessages = own.Next(1, 50) }));
            bound.TrySetResult();
            Task loop = TakeAsync(receiver, new Random(own.Next()));
            await UntilAsync(_restarts ? own.Next(10, 300) : Timeout.Infinite, over);
            await EndAsync(receiver, own);
            await Assert.ThrowsAsync<ObjectDisposedException>(() => loop);
        }
    }

    private async Task TakeAsync(Receiver receiver, Random own)
    {
        while (true)
        {
            using Message message = await receiver.ReceiveAsync();
            await JudgeAsync(message, own);
        }
    }

    private async Task JudgeAsync(Message message, Random own)
    {
        (int number, int from) = Read(message.Span);
        _handed.AddOrUpdate((from, number), 1, static (_, count) => count + 1);
        if (Chance(own, 0.1))
        {
            await PauseAsync(own, 20);
        }

        if (Chance(own, 0.2))
        {
            message.Reject("not today");
        }
        else if (Chance(own, 0.8))
        {
            _accepted[(from, number)] = true;
            message.Accept();
        }
    }

    private async Task DeliverAsync(Random own)
    {
        int from = NewFrom();
        int next = 0;
        while (!Curtain.IsCancellationRequested)
        {
            try
            {
                Sender sender = Enter(await Sender.ConnectAsync(Meeting(own, mayReconnect: true), Patient));
                List<Task> under = [];
                for (int rest = own.Next(200); rest > 0 && !Curtain.IsCancellationRequested; rest--)
                {
                    under.Add(DeliverOneAsync(sender, (from, next++), new Random(own.Next())));
                    if (under.Count >= own.Next(1, 20))
                    {
                        await Task.WhenAll(under);
                        under.Clear();
                    }
                }

                Task<CloseReport?> ending = EndAsync(sender, own);
                await Task.WhenAll(under);
                await ending;
            }
            catch (Exception exception) when (IsExcused(exception, If(_restarts, Cause.PeerLeaves)))
            {
                // It did not connect.
            }
        }
    }

    private async Task DeliverOneAsync(Sender sender, (int From, int Number) key, Random own)
    {
        byte[] content = Payload.Make(key.Number, SizeOf(own), key.From);
        TimeSpan? timeout = Chance(own, 0.2) ? own.Next(30).Milliseconds() : null;
        try
        {
            Delivery delivery = own.Next(3) switch
            {
                0 => await Task.Factory.StartNew(() => sender.Deliver(content, timeout), TaskCreationOptions.LongRunning),
                1 => await sender.DeliverAsync(content.AsMemory(), timeout),
                _ => await sender.DeliverAsync(content.AsSpan(), timeout),
            };
            _deliveries.Enqueue((key, delivery));
        }
        catch (ObjectDisposedException)
        {
            // The sender was closed before it began.
        }
    }
}
