using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Deliveries and requests that are given up, by a cancellation or the end of their sender.</summary>
public sealed class GivenUpTests
{
    /// <summary>Iterations of a few nanoseconds: longer than a message needs to its endpoint's other thread.</summary>
    private const int LongestSpin = 1_000;

    private const int Rounds = 1_000;
    private const int Together = 16;

    private const string ReplyQueue = "amq.rabbitmq.reply-to";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>They are cancelled while the endpoint takes them, while it publishes them, and while they wait for their
    /// receipt.</summary>
    [BrokerFact]
    public async Task Cancelled_deliveries_do_not_affect_others()
    {
        Address address = Broker.NewAddress();
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.BindAsync(address);
        Task<Delivery> lasting = sender.DeliverAsync("lasting"u8, Patience).AsTask();
        using Message first = await receiver.ReceiveAsync(Patience);
        Task accepting = AcceptUntilAsync(receiver, "last");
        for (int i = 0; i < Rounds; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<Delivery>[] together =
                [.. Enumerable.Range(0, Together).Select(_ => sender.DeliverAsync("short"u8, Patience, cancel.Token).AsTask())];
            CancelAfter(i % LongestSpin, cancel);
            await Task.WhenAny(Task.WhenAll(together));
            Assert.DoesNotContain(together, static one => one.IsFaulted);
        }

        Assert.True((await sender.DeliverAsync("last"u8, Patience)).IsDelivered);
        await accepting;
        first.Accept();
        Delivery outcome = await lasting;
        Assert.True(outcome.IsDelivered, outcome.ToString());
    }

    [BrokerFact]
    public async Task Cancelled_requests_do_not_affect_others()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        await using Requester requester = await Requester.ConnectAsync(address);
        Task<Message> lasting = requester.RequestAsync("lasting"u8.ToArray()).AsTask();
        using Request first = await responder.ReceiveAsync(Patience);
        Task serving = responder.RunAsync((request, _) => new ValueTask<ReadOnlyMemory<byte>>(request.Memory.ToArray()));
        for (int i = 0; i < Rounds; i++)
        {
            using CancellationTokenSource cancel = new();
            Task<Message>[] together =
                [.. Enumerable.Range(0, Together).Select(_ => requester.RequestAsync("short"u8, null, cancel.Token).AsTask())];
            CancelAfter(i % LongestSpin, cancel);
            await Task.WhenAny(Task.WhenAll(together));
            Assert.DoesNotContain(together, static one => one.IsFaulted);
        }

        using (Message last = await requester.RequestAsync("last"u8, Patience))
        {
            Assert.Equal("last", last.Text);
        }

        first.Reply("done"u8);
        Assert.Equal("done", (await lasting).Text);
        await responder.CloseAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => serving);
    }

    [BrokerFact]
    public async Task A_cancelled_request_is_cancelled_at_the_responder()
    {
        Address address = Broker.NewAddress();
        await using Responder responder = await Responder.BindAsync(address);
        await using Requester requester = await Requester.ConnectAsync(address);
        using CancellationTokenSource cancel = new();
        Task<Message> call = requester.RequestAsync("wait"u8.ToArray(), cancellationToken: cancel.Token).AsTask();
        using Request request = await responder.ReceiveAsync(Patience);
        TaskCompletionSource cancelled = new();
        using CancellationTokenRegistration registration = request.CancellationToken.Register(cancelled.SetResult);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(Patience);
    }

    /// <summary>A requester that is killed calls nothing off. Its responder notices, and goes on for the others.</summary>
    [BrokerFact]
    public async Task Requests_of_a_lost_requester_are_cancelled()
    {
        Address address = Broker.NewAddress("&heartbeat=1s");
        await using Responder responder = await Responder.BindAsync(address);
        await using Requester living = await Requester.ConnectAsync(address);
        Task<Message> reply = living.RequestAsync("living"u8.ToArray(), 60.Seconds()).AsTask();
        using Request first = await responder.ReceiveAsync(Patience);
        IConnection lost = await AskPlainlyAsync(address, "lost");
        using Request second = await responder.ReceiveAsync(Patience);
        await LoseAsync(lost, second);
        Assert.False(first.CancellationToken.IsCancellationRequested);
        first.Reply("done"u8);
        Assert.Equal("done", (await reply).Text);
    }

    /// <summary>Other programs number their requests, each from one.</summary>
    [BrokerFact]
    public async Task Requesters_with_the_same_request_identity_are_distinguished()
    {
        Address address = Broker.NewAddress("&heartbeat=1s");
        await using Responder responder = await Responder.BindAsync(address);
        IConnection lost = await AskPlainlyAsync(address, "1");
        using Request first = await responder.ReceiveAsync(Patience);
        await using IConnection living = await AskPlainlyAsync(address, "1");
        using Request second = await responder.ReceiveAsync(Patience);
        await LoseAsync(lost, first);
        Assert.False(second.CancellationToken.IsCancellationRequested);
    }

    /// <summary>Ends a requester that calls nothing off, and waits until what it has asked for is called off.</summary>
    private static async Task LoseAsync(IConnection requester, Request asked)
    {
        TaskCompletionSource calledOff = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration watch = asked.CancellationToken.Register(calledOff.SetResult);
        await requester.CloseAsync();
        await requester.DisposeAsync();
        await calledOff.Task.WaitAsync(60.Seconds());
    }

    /// <summary>Sends a request by the broker's own client. Its requester is there as long as the connection.</summary>
    private static async Task<IConnection> AskPlainlyAsync(Address address, string id)
    {
        ConnectionFactory factory = new() { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false };
        IConnection connection = await factory.CreateConnectionAsync();
        IChannel channel = await connection.CreateChannelAsync();
        await channel.BasicConsumeAsync(ReplyQueue, autoAck: true, new AsyncDefaultBasicConsumer(channel));
        BasicProperties properties = new() { ReplyTo = ReplyQueue, CorrelationId = id };
        await channel.BasicPublishAsync("", address.Option("name")!, mandatory: true, properties, "plain"u8.ToArray());
        return connection;
    }

    /// <summary>Cancels on this thread, a moment later.</summary>
    private static void CancelAfter(int spins, CancellationTokenSource source)
    {
        Thread.SpinWait(spins);
        source.Cancel();
    }

    private static async Task AcceptUntilAsync(Receiver receiver, string last)
    {
        string text;
        do
        {
            using Message message = await receiver.ReceiveAsync(Patience);
            text = message.Text;
            message.Accept();
        }
        while (text != last);
    }
}
