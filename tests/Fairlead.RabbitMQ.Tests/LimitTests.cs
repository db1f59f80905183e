using System.Diagnostics;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Limits of the broker: endpoints outlive them, and say which it was.</summary>
public sealed class LimitTests(StrictBroker strict) : IClassFixture<StrictBroker>
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [BrokerFact]
    public async Task A_message_held_for_too_long_is_delivered_again_and_its_receiver_continues()
    {
        Address address = strict.Node.Address("held");
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await sender.SendAsync("long work");
        using Message held = await receiver.ReceiveAsync(Patience);
        using (Message again = await receiver.ReceiveAsync(Patience))
        {
            Assert.Equal("long work", again.Text);
            Assert.True(again.Redelivered);
            again.Accept();
        }

        // It belongs to a session that has ended: accepting it says nothing to the broker, and harms nothing.
        held.Accept();
        await sender.SendAsync("next");
        using Message next = await receiver.ReceiveAsync(Patience);
        Assert.Equal("next", next.Text);
        next.Accept();
    }

    [BrokerFact]
    public async Task A_delivery_that_is_too_long_for_the_broker_fails_and_others_continue()
    {
        Address address = strict.Node.Address("too-long");
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        Delivery refused = await sender.DeliverAsync(new byte[200_000], Patience);
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.Contains("message size 200000", refused.Reason, StringComparison.Ordinal);
        Task<Delivery> delivery = sender.DeliverAsync("short"u8.ToArray(), Patience).AsTask();
        using Message message = await receiver.ReceiveAsync(Patience);
        message.Accept();
        Assert.True((await delivery).IsDelivered);
    }

    /// <summary>It would be published again without end, and all later ones behind it.</summary>
    [BrokerFact]
    public async Task A_message_that_is_too_long_for_the_broker_ends_its_sender_with_the_reason()
    {
        await using Sender sender = await Sender.ConnectAsync(strict.Node.Address("too-long-to-send"));
        await sender.SendAsync(new byte[200_000]);
        EndpointEnd end = await sender.Completion.WaitAsync(Patience);
        Assert.Contains("message size 200000", end.ToString(), StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task A_temporary_connection_limit_ends_no_endpoint()
    {
        Address address = strict.Node.Address("limited");
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        strict.Node.Control("set_user_limits", "guest", """{"max-connections":0}""");
        try
        {
            strict.Node.Control("close_all_connections", "test");
            FairleadException refused = await Assert.ThrowsAsync<FairleadException>(() => Sender.ConnectAsync(address).AsTask());
            Assert.Equal(ErrorCode.Unavailable, refused.Code);
            Assert.Contains("rabbitmqctl set_user_limits", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            strict.Node.Control("clear_user_limits", "guest", "all");
        }

        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("after");
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal("after", message.Text);
        message.Accept();
    }

    /// <summary>A poison message goes back and comes again, but not without pause.</summary>
    [BrokerFact]
    public async Task A_message_rejected_repeatedly_waits_longer_each_time()
    {
        Address address = strict.Node.Address("poison", "&durable=true");
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await sender.SendAsync("poison");
        long began = Stopwatch.GetTimestamp();
        for (int i = 0; i < 4; i++)
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            message.Reject("not now");
        }

        using Message last = await receiver.ReceiveAsync(Patience);
        last.Accept();

        // 0, 100, 200 and 400 ms.
        Assert.True(Stopwatch.GetElapsedTime(began) >= 690.Milliseconds(), $"{Stopwatch.GetElapsedTime(began)}");
    }

    /// <summary>The receiver has fetched all, its user has read none, and the connection is lost.</summary>
    [BrokerFact]
    public async Task Unread_messages_of_a_lost_session_are_not_read_twice()
    {
        Address address = strict.Node.Address("fetched");
        await using Sender sender = await Sender.ConnectAsync(address);
        for (int i = 0; i < 10; i++)
        {
            await sender.SendAsync($"{i}");
        }

        await using Receiver receiver = await Receiver.ConnectAsync(address);
        using (Message first = await FetchedAsync())
        {
            strict.Node.Control("close_all_connections", "test");

            // The receiver notices the loss a moment later, and gives back the nine that it has not read; then all ten come again.
            await Polling.Until(() => receiver.Statistics.QueueDepth == 10);
            using Message again = await receiver.ReceiveAsync(Patience);
            Assert.Equal(("0", "0", true), (first.Text, again.Text, again.Redelivered));
            again.Accept();
        }

        await sender.SendAsync("end");
        List<string> read = [];
        do
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            read.Add(message.Text);
            message.Accept();
        }
        while (read[^1] != "end");
        Assert.Equal(["1", "2", "3", "4", "5", "6", "7", "8", "9", "end"], read);

        // All ten are at the broker, and with this receiver.
        async Task<Message> FetchedAsync()
        {
            Message message = await receiver.ReceiveAsync(Patience);
            string queues;
            do
            {
                queues = strict.Node.Control("list_queues", "--quiet", "--no-table-headers", "name", "messages_unacknowledged");
            }
            while (!queues.Contains("fetched\t10", StringComparison.Ordinal));
            return message;
        }
    }
}
