using System.Text;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Every pattern over a broker, as over any other transport.</summary>
public sealed class PatternTests
{
    [BrokerTheory]
    [InlineData("")]
    [InlineData("&durable=true")]
    public async Task A_message_goes_to_a_receiver_whichever_comes_first(string options)
    {
        Address address = Broker.NewAddress(options);
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("one"u8);
        await using Receiver receiver = await Receiver.BindAsync(address);
        await sender.SendAsync("two"u8);
        Assert.Equal("one", await TextAsync(receiver));
        Assert.Equal("two", await TextAsync(receiver));
        CloseReport report = await sender.CloseAsync(20.Seconds());
        Assert.True(report is { NotDelivered: 0, DeadlinePassed: false }, report.ToString());
    }

    [BrokerFact]
    public async Task A_delivery_is_done_when_the_receiver_has_accepted()
    {
        Address address = Broker.NewAddress();
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.BindAsync(address);
        Task<Delivery> delivery = sender.DeliverAsync("one"u8, 20.Seconds()).AsTask();
        using (Message message = await receiver.ReceiveAsync(20.Seconds()))
        {
            Assert.True(message.WantsReceipt);
            Assert.False(delivery.IsCompleted);
            message.Accept();
        }

        Assert.Equal(DeliveryStatus.Delivered, (await delivery).Status);
        delivery = sender.DeliverAsync("two"u8, 20.Seconds()).AsTask();
        using (Message message = await receiver.ReceiveAsync(20.Seconds()))
        {
            message.Reject("no more today");
        }

        Delivery refused = await delivery;
        Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
        Assert.Contains("no more today", refused.Reason, StringComparison.Ordinal);
    }

    [BrokerFact]
    public async Task A_request_gets_its_reply_and_an_error_its_text()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        Task serving = responder.RunAsync((request, _) => request.Text == "fail"
            ? throw new FairleadException(ErrorCode.TooLarge, "far too much")
            : new ValueTask<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(request.Text.ToUpperInvariant())));
        await using Requester requester = await Requester.ConnectAsync(address);
        Task<string>[] calls = [.. Enumerable.Range(0, 200).Select(i => AskAsync(requester, $"call {i}"))];
        for (int i = 0; i < calls.Length; i++)
        {
            Assert.Equal($"CALL {i}", await calls[i]);
        }

        FairleadException failed = await Assert.ThrowsAsync<FairleadException>(() => AskAsync(requester, "fail"));
        Assert.Equal(ErrorCode.TooLarge, failed.Code);
        Assert.Contains("far too much", failed.Message, StringComparison.Ordinal);
        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    [BrokerFact]
    public async Task A_cancelled_request_is_called_off_at_the_responder()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        await using Requester requester = await Requester.ConnectAsync(address);
        using CancellationTokenSource cancel = new();
        Task<Message> call = requester.RequestAsync("wait"u8.ToArray(), cancellationToken: cancel.Token).AsTask();
        using Request request = await responder.ReceiveAsync(20.Seconds());
        TaskCompletionSource cancelled = new();
        using CancellationTokenRegistration registration = request.CancellationToken.Register(cancelled.SetResult);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(20.Seconds());
    }

    [BrokerFact]
    public async Task A_subscriber_gets_what_matches_from_the_moment_it_has_subscribed()
    {
        Address address = Broker.NewAddress();
        await using Publisher publisher = await Publisher.BindAsync(address);
        await using Subscriber bonds = await Subscriber.ConnectAsync(address, "eu.*.bond");
        await using Subscriber all = await Subscriber.ConnectAsync(address);
        await publisher.WaitForSubscribersAsync("eu", 1, 20.Seconds());
        foreach (string topic in new[] { "eu.de.bond", "eu.bond", "us.x.bond", "eu.fr.bond" })
        {
            Assert.Equal(1, await publisher.PublishAsync(topic, Encoding.UTF8.GetBytes(topic)));
        }

        Assert.Equal(["eu.de.bond", "eu.fr.bond"], await TopicsAsync(bonds, 2));
        Assert.Equal(["eu.de.bond", "eu.bond", "us.x.bond", "eu.fr.bond"], await TopicsAsync(all, 4));
        await bonds.SubscribeAsync("us.>");
        await bonds.UnsubscribeAsync("eu.*.bond");
        await publisher.PublishAsync("eu.de.bond", ReadOnlyMemory<byte>.Empty);
        await publisher.PublishAsync("us", ReadOnlyMemory<byte>.Empty);
        await publisher.PublishAsync("us.y", ReadOnlyMemory<byte>.Empty);
        Assert.Equal(["us.y"], await TopicsAsync(bonds, 1));
    }

    private static async Task<string> TextAsync(Receiver receiver)
    {
        using Message message = await receiver.ReceiveAsync(20.Seconds());
        message.Accept();
        return message.Text;
    }

    private static async Task<string> AskAsync(Requester requester, string text)
    {
        using Message reply = await requester.RequestAsync(Encoding.UTF8.GetBytes(text), 20.Seconds());
        return reply.Text;
    }

    private static async Task<string[]> TopicsAsync(Subscriber subscriber, int count)
    {
        List<string> topics = [];
        while (topics.Count < count)
        {
            using Message message = await subscriber.ReceiveAsync(20.Seconds());
            topics.Add(message.Topic);
        }

        return [.. topics];
    }
}
