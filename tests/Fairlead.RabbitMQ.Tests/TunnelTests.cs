using System.Text;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>Connections through a broker beyond the contracts: the owner of a place, lost ends, garbage.</summary>
[Collection(PausedBroker.Name)]
public sealed class TunnelTests(PausedBroker paused)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [BrokerFact]
    public async Task A_name_without_a_hub_is_not_found_and_wait_waits_for_the_hub()
    {
        Address address = Broker.NewAddress();
        FairleadException missing = await Assert.ThrowsAsync<FairleadException>(() => Pair.ConnectAsync(address).AsTask());
        Assert.Equal(ErrorCode.NotFound, missing.Code);
        Assert.Contains("no hub or pair is bound at", missing.Message, StringComparison.Ordinal);

        Task<Pair> waiting = Pair.ConnectAsync(address.With("wait", "1m")).AsTask();
        await using Hub hub = await Hub.BindAsync(address);
        await using Pair pair = await waiting.WaitAsync(Patience);
        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync());
    }

    [BrokerFact]
    public async Task A_name_has_one_owner()
    {
        Address address = Broker.NewAddress();
        Hub hub = await Hub.BindAsync(address);
        FairleadException taken = await Assert.ThrowsAsync<FairleadException>(() => Hub.BindAsync(address).AsTask());
        Assert.Equal(ErrorCode.AlreadyExists, taken.Code);
        await hub.DisposeAsync();
        await using Hub next = await UntilFreeAsync(address);
    }

    [BrokerTheory]
    [InlineData("durable=true")]
    [InlineData("deliveries=3")]
    [InlineData("unique=true")]
    public async Task Queue_options_are_refused_at_both_ends_of_connections(string option)
    {
        Address address = Broker.NewAddress($"&{option}");
        FairleadException bound = await Assert.ThrowsAsync<FairleadException>(() => Hub.BindAsync(address).AsTask());
        FairleadException connected = await Assert.ThrowsAsync<FairleadException>(() => Pair.ConnectAsync(address).AsTask());
        Assert.Equal((ErrorCode.NotSupported, ErrorCode.NotSupported), (bound.Code, connected.Code));
    }

    /// <summary>The client goes on at a hub that was started again at the same place.</summary>
    [BrokerFact]
    public async Task A_client_reconnects_to_a_restarted_hub()
    {
        Address address = Broker.NewAddress();
        Hub first = await Hub.BindAsync(address);
        await using Pair pair = await Pair.ConnectAsync(address.With("reconnect", "1m").With("heartbeat", "1s"));
        Assert.IsType<HubEvent.Joined>(await first.NextEventAsync());
        first.Dispose();
        await using Hub second = await UntilFreeAsync(address);
        Assert.IsType<HubEvent.Joined>(await second.NextEventAsync());
        await pair.SendAsync("again");
        using Message again = Assert.IsType<HubEvent.Said>(await second.NextEventAsync()).Message;
        Assert.Equal("again", again.Text);
    }

    /// <summary>A lost session of the broker ends connections. The hub is there again, and its clients come back.</summary>
    [BrokerFact]
    public async Task A_hub_has_its_clients_again_after_an_outage_of_the_broker()
    {
        BrokerCluster broker = paused.Node;
        await using Hub hub = await Hub.BindAsync(broker.Address("talk"));
        await using Pair pair = await Pair.ConnectAsync(broker.Address("talk", "&reconnect=2m"));
        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync());
        broker.Pause(1);
        try
        {
            Assert.IsType<HubEvent.Left>(await hub.NextEventAsync());
        }
        finally
        {
            broker.Resume(1);
        }

        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync());
        hub.Broadcast("welcome back"u8);
        using Message message = await pair.ReceiveAsync(Patience);
        Assert.Equal("welcome back", message.Text);
    }

    /// <summary>Any user of the broker may be able to write to the queue.</summary>
    [BrokerFact]
    public async Task Garbage_at_the_queue_of_a_hub_harms_no_client()
    {
        Address address = Broker.NewAddress();
        await using Hub hub = await Hub.BindAsync(address);
        await using Pair pair = await Pair.ConnectAsync(address);
        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync());
        ConnectionFactory factory = new() { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false };
        await using IConnection connection = await factory.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        QueueDeclareOk own = await channel.QueueDeclareAsync();
        string queue = $"{address.Option("name")}.connections";
        foreach (string? kind in new[] { null, "data", "end", "reset", "open", "data", "open", "nonsense" })
        {
            foreach (string? replyTo in new[] { null, "", own.QueueName, "no such queue" })
            {
                BasicProperties properties = new() { Type = kind, ReplyTo = replyTo };
                await channel.BasicPublishAsync("", queue, mandatory: true, properties, new byte[1000]);
            }
        }

        // The stranger's connection is refused, and those that are not there are told so.
        BasicGetResult? reset = null;
        using CancellationTokenSource end = new(Patience);
        while (reset is null)
        {
            reset = await channel.BasicGetAsync(own.QueueName, autoAck: true, end.Token);
        }

        Assert.Equal("reset", reset.BasicProperties.Type);
        await pair.SendAsync("still here");
        using Message message = Assert.IsType<HubEvent.Said>(await hub.NextEventAsync()).Message;
        Assert.Equal("still here", message.Text);
    }

    /// <summary>Otherwise a user that may write only to the hub's queue could have the hub write to any other queue.</summary>
    [BrokerFact]
    public async Task A_hub_writes_only_to_queues_that_the_broker_named()
    {
        Address address = Broker.NewAddress();
        await using Hub hub = await Hub.BindAsync(address);
        ConnectionFactory factory = new() { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false };
        await using IConnection connection = await factory.CreateConnectionAsync();
        await using IChannel channel = await connection.CreateChannelAsync();
        string orders = $"{address.Option("name")}.orders";
        await channel.QueueDeclareAsync(orders, durable: false, exclusive: true);
        string queue = $"{address.Option("name")}.connections";
        foreach (string kind in new[] { "data", "open", "data", "end" })
        {
            BasicProperties properties = new() { Type = kind, ReplyTo = orders };
            await channel.BasicPublishAsync("", queue, mandatory: true, properties, new byte[40]);
        }

        // The hub has handled those by the time it has a client that came behind them.
        await using Pair honest = await Pair.ConnectAsync(address);
        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync());
        Assert.Equal(0u, (await channel.QueueDeclarePassiveAsync(orders)).MessageCount);
    }

    /// <summary>The broker has not confirmed the message yet when the hub says that it closes.</summary>
    [BrokerFact]
    public async Task A_client_sees_that_a_hub_closed_immediately_after_a_message()
    {
        Address address = Broker.NewAddress();
        Hub hub = await Hub.BindAsync(address);
        await using Pair pair = await Pair.ConnectAsync(address);
        Assert.IsType<HubEvent.Joined>(await hub.NextEventAsync());
        hub.Broadcast("the last"u8);
        hub.Dispose();
        using (Message last = await pair.ReceiveAsync(Patience))
        {
            Assert.Equal("the last", last.Text);
        }

        FairleadException gone = await Assert.ThrowsAsync<FairleadException>(() => pair.ReceiveAsync(Patience).AsTask());
        Assert.Equal(CloseReason.ClosedByPeer, gone.Reason);
    }

    [BrokerFact]
    public async Task A_sequence_of_long_and_short_messages_arrives_complete()
    {
        Address address = Broker.NewAddress();
        await using Pair bound = await Pair.BindAsync(address);
        await using Pair pair = await Pair.ConnectAsync(address);
        Task<CloseReport> sending = Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                await pair.SendAsync(Payload.Make(i, i % 50 == 0 ? 1_000_000 : 8 + (i * 37 % 3_000)).AsMemory());
            }

            return await pair.CloseAsync(Patience);
        });
        for (int i = 0; i < 500; i++)
        {
            using Message message = await bound.ReceiveAsync(Patience);
            Assert.Equal(i, Payload.Check(message.Span).Number);
        }

        Assert.True((await sending).IsComplete);
    }

    /// <summary>The queue that is found may be the one of the end before, which the broker deletes right then.</summary>
    [BrokerFact]
    public async Task A_name_can_be_bound_repeatedly_as_soon_as_it_is_free()
    {
        const int Times = 30;
        Address address = Broker.NewAddress();
        for (int i = 0; i < Times; i++)
        {
            Hub hub = await UntilFreeAsync(address);
            hub.Dispose();
        }
    }

    /// <summary>The broker deletes the queue of a connection a moment after its end.</summary>
    private static async Task<Hub> UntilFreeAsync(Address address)
    {
        using CancellationTokenSource end = new(Patience);
        while (true)
        {
            try
            {
                return await Hub.BindAsync(address, cancellationToken: end.Token);
            }
            catch (FairleadException taken) when (taken.Code == ErrorCode.AlreadyExists)
            {
                end.Token.ThrowIfCancellationRequested();
            }
        }
    }
}
