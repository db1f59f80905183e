using System.Globalization;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>After an outage, the broker delivers again what a receiver had in hand, and nothing else.</summary>
[Collection(PausedBroker.Name)]
public sealed class DuplicateTests(PausedBroker paused)
{
    private const int Sent = 400;
    private const int Accepted = 100;
    private const int Prefetch = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    [BrokerFact]
    public async Task No_message_is_lost_and_only_messages_in_hand_are_delivered_twice()
    {
        Address address = paused.Node.Address("duplicates", "&durable=true");
        await using Receiver receiver = await Receiver.ConnectAsync(address.With("prefetch", $"{Prefetch}"));
        await using Sender sender = await Sender.ConnectAsync(address);
        for (int i = 0; i < Sent; i++)
        {
            Assert.Equal(SendResult.Sent, sender.TrySend([(byte)(i >> 8), (byte)i]));
        }

        await sender.FlushAsync(Patience);
        int[] handled = new int[Sent];
        for (int i = 0; i < Accepted; i++)
        {
            await HandleAsync();
        }

        // The broker knows of all that were accepted.
        using CancellationTokenSource end = new(Patience);
        while (LeftInTheQueue() != Sent - Accepted)
        {
            end.Token.ThrowIfCancellationRequested();
        }

        using (Message inHand = await receiver.ReceiveAsync(Patience))
        {
            paused.Node.Pause(1);
            paused.Node.Resume(1);
            inHand.Accept();
        }

        while (handled.Contains(0))
        {
            await HandleAsync();
        }

        Assert.All(handled[..Accepted], static count => Assert.Equal(1, count));
        Assert.All(handled, static count => Assert.InRange(count, 1, 2));
        Assert.InRange(handled.Sum() - Sent, 0, Prefetch);

        async Task HandleAsync()
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            handled[(message.Span[0] << 8) | message.Span[1]]++;
            message.Accept();
        }
    }

    private int LeftInTheQueue() => int.Parse(
        paused.Node
            .Control("list_queues", "--quiet", "--no-table-headers", "name", "messages")
            .Split('\n', StringSplitOptions.TrimEntries)
            .Single(static line => line.StartsWith("duplicates\t", StringComparison.Ordinal))
            .Split('\t')[1],
        CultureInfo.InvariantCulture);
}
