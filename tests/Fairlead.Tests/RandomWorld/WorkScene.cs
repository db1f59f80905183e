using System.Collections.Concurrent;
using Fairlead.Time;

namespace Fairlead.Tests.RandomWorld;

/// <summary>
/// A work queue whose workers reject, forget and die: every item that its sender has not recalled is finally accepted, and by two workers
/// only if the second saw the mark.
/// </summary>
internal sealed class WorkScene(Random random, TransportUnderTest transport) : Scene(random, transport)
{
    private readonly ConcurrentDictionary<(int From, int Number), int> _accepted = new();
    private readonly ConcurrentQueue<string> _unmarked = new();
    private readonly ConcurrentQueue<(int From, int Number)> _notDone = new();

    protected override async Task ActAsync()
    {
        WorkQueue queue = Bind(address =>
            WorkQueue.Bind(
                address,
                new()
                {
                    HandshakeTimeout = Unhurried,
                    Prefetch = Random.Next(1, 20),
                    MaxItems = Random.Next(1, 500),
                    MaxDeliveries = int.MaxValue,
                }));
        using CancellationTokenSource over = new();
        Task[] workers = [.. Several(1, 4, own => WorkAsync(queue, own, Curtain)), .. Several(0, 1, own => ActorsAsync(own, "receiver"))];
        await Task.WhenAll(Several(1, 4, ProduceAsync));
        await Task.WhenAll(workers);
        Task last = WorkAsync(queue, new Random(Random.Next()), over.Token, isReliable: true);

        // All senders have left; their messages are here, or in transit to the queue.
        await queue.DrainAsync();
        await Polling.Until(() =>
            queue.Peers.Count <= 1 && queue.Count == 0 && queue.Statistics.MessagesReceived == queue.Accepted + queue.TakenBack);

        Assert.Empty(_unmarked);
        Assert.All(_notDone, item => Assert.DoesNotContain(item, _accepted.Keys));
        Assert.Equal(0, queue.GivenUp);
        await over.CancelAsync();
        await last;
        await EndAsync(queue, Random);
    }

    private async Task ProduceAsync(Random own)
    {
        while (!Curtain.IsCancellationRequested)
        {
            int from = NewFrom();
            Sender sender = Enter(await Sender.ConnectAsync(Meeting(own, mayReconnect: false), Patient));
            List<(int Number, Task<Delivery> Task)> receipts = [];
            int count = own.Next(1, 100);
            for (int i = 0; i < count; i++)
            {
                byte[] content = Payload.Make(i, SizeOf(own), from);
                if (Chance(own, 0.3))
                {
                    receipts.Add((i, sender.DeliverAsync(content.AsSpan(), own.Next(5, 500).Milliseconds()).AsTask()));
                }
                else
                {
                    try
                    {
                        await sender.SendAsync(content.AsSpan()).AsTask().WaitAsync(Curtain);
                    }
                    catch (OperationCanceledException) when (Curtain.IsCancellationRequested)
                    {
                        // The queue is full, and the sender leaves with the message.
                        break;
                    }
                }
            }

            foreach ((int number, Task<Delivery> receipt) in receipts)
            {
                // Perhaps no worker ran before its time had passed; but a worker, here or in another process, has accepted every delivered
                // item.
                Delivery delivery = await receipt;
                Assert.True(delivery.IsDelivered || delivery.Cause is ErrorCode.Timeout or ErrorCode.PeerGone, delivery.ToString());
                if (delivery.Status == DeliveryStatus.NotDelivered)
                {
                    _notDone.Enqueue((from, number));
                }
            }

            await EndAsync(sender, own);
        }
    }

    private async Task WorkAsync(WorkQueue queue, Random own, CancellationToken until, bool isReliable = false)
    {
        while (!until.IsCancellationRequested)
        {
            Receiver worker = Enter(await Receiver.ConnectAsync(queue.Address, Patient));
            using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(until);
            if (!isReliable)
            {
                enough.CancelAfter(own.Next(200));
            }

            try
            {
                while (true)
                {
                    using Message message = await worker.ReceiveAsync(null, enough.Token);
                    (int number, int from) = Read(message.Span);
                    if (isReliable || Chance(own, 0.8))
                    {
                        if (_accepted.AddOrUpdate((from, number), 1, static (_, count) => count + 1) > 1 && !message.Redelivered)
                        {
                            _unmarked.Enqueue($"item {number} of {from}, {message.Length} bytes, after {message.Deliveries} deliveries");
                        }

                        message.Accept();
                    }
                    else if (Chance(own, 0.5))
                    {
                        message.Reject("not I");
                    }
                }
            }
            catch (Exception exception) when (IsExcused(exception, Cause.Token))
            {
                // Enough.
            }

            await EndAsync(worker, own);
        }
    }
}
