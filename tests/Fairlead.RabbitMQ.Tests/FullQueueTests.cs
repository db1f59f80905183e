namespace Fairlead.RabbitMQ.Tests;

/// <summary>A queue that refuses messages, by a policy of the broker.</summary>
[Collection(PausedBroker.Name)]
public sealed class FullQueueTests(PausedBroker paused)
{
    [BrokerFact]
    public async Task A_refused_delivery_frees_its_slot_in_the_window()
    {
        BrokerCluster cluster = paused.Node;
        cluster.Control("set_policy", "full", "^one-place$", """{"max-length":1,"overflow":"reject-publish"}""", "--apply-to", "queues");
        Address address = cluster.Address("one-place", "&messages=4");
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("the only one"u8);

        // More than the window has.
        for (int i = 0; i < 10; i++)
        {
            Delivery refused = await sender.DeliverAsync("one too many"u8, 20.Seconds());
            Assert.Equal(DeliveryStatus.NotDelivered, refused.Status);
            Assert.Contains("did not take", refused.Reason, StringComparison.Ordinal);
        }

        CloseReport report = await sender.CloseAsync(20.Seconds());
        Assert.False(report.DeadlinePassed, report.ToString());
    }

    [BrokerFact]
    public async Task A_refused_request_fails_immediately()
    {
        BrokerCluster cluster = paused.Node;
        cluster.Control(
            "set_policy", "full-of-requests", "^one-request$", """{"max-length":1,"overflow":"reject-publish"}""", "--apply-to", "queues");
        await using Requester requester = await Requester.ConnectAsync(cluster.Address("one-request"));
        Task<Message> first = requester.RequestAsync("the only one"u8.ToArray()).AsTask();
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(
            async () => await requester.RequestAsync("one too many"u8.ToArray()).AsTask().WaitAsync(60.Seconds()));
        Assert.Equal(ErrorCode.Full, refused.Code);
        Assert.Contains("did not take the request", refused.Message, StringComparison.Ordinal);

        // The one that it took is answered.
        await using Responder responder = await Responder.BindAsync(cluster.Address("one-request"));
        using Request request = await responder.ReceiveAsync(60.Seconds());
        request.Reply("done"u8);
        Assert.Equal("done", (await first.WaitAsync(60.Seconds())).Text);
    }
}
