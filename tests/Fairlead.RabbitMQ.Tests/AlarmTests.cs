namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker without memory reads nothing more from connections that publish.</summary>
[Collection(PausedBroker.Name)]
public sealed class AlarmTests(PausedBroker paused)
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly int Waiting = TestSize.Of(200, full: 10_000);

    /// <summary>Its receipts wait for the end of the alarm, and its acknowledgements do not: only so the alarm can end.</summary>
    [BrokerFact]
    public async Task A_receiver_empties_the_queue_while_the_broker_has_no_memory()
    {
        Address address = paused.Node.Address("alarm");
        await using Sender sender = await Sender.ConnectAsync(address);
        Task<Delivery>[] deliveries =
            [.. Enumerable.Range(0, Waiting).Select(i => sender.DeliverAsync(new byte[] { (byte)i }, Patience).AsTask())];
        await UntilInQueueAsync(Waiting);

        // Its first receipts are published before the alarm: a connection is stopped only when it has published.
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await AcceptAsync();
        Assert.True((await deliveries[0].WaitAsync(Patience)).IsDelivered);
        paused.Node.Control("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            for (int i = 1; i < Waiting; i++)
            {
                await AcceptAsync();
            }

            await UntilInQueueAsync(0);
        }
        finally
        {
            paused.Node.Control("set_vm_memory_high_watermark", "absolute", "2GB");
        }

        Assert.All(await Task.WhenAll(deliveries), static delivery => Assert.True(delivery.IsDelivered, delivery.ToString()));

        async Task AcceptAsync()
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            message.Accept();
        }

        async Task UntilInQueueAsync(int count)
        {
            using CancellationTokenSource end = new(Patience);
            while (!Queues().Contains($"alarm\t{count}", StringComparer.Ordinal))
            {
                end.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private string[] Queues() => paused.Node.Control("list_queues", "--quiet", "--no-table-headers", "name", "messages").Split('\n');
}
