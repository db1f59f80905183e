using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Fairlead.Diagnostics;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>The end of a broker, or of a node of it, under load: no message is lost, and few come twice.</summary>
[Collection(PausedBroker.Name)]
public sealed class OutageTests(ITestOutputHelper output, PausedBroker paused)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static readonly int Each = TestSize.Given("FAIRLEAD_BROKER_MESSAGES", 2_000);

    /// <summary>Four senders to four receivers of one queue, while the node is killed to which all have connected.</summary>
    [BrokerFact]
    public async Task Losing_a_node_of_a_cluster_loses_no_durable_message()
    {
        using BrokerCluster cluster = new(3);
        const int Senders = 4;
        const int Receivers = 4;
        Address address = cluster.Address("orders", "&durable=true&unique=true");
        ConcurrentDictionary<string, int> handled = new();
        ConcurrentDictionary<string, int>[] byReceiver =
            [.. Enumerable.Range(0, Receivers).Select(_ => new ConcurrentDictionary<string, int>())];
        TaskCompletionSource third = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenSource end = new(Patience);
        Task[] receiving = [.. byReceiver.Select(own => ReceiveAsync(own))];
        Task[] sending = [.. Enumerable.Range(0, Senders).Select(SendAsync)];
        await third.Task.WaitAsync(Patience);
        cluster.Kill(1);
        cluster.StartAgain(1);
        await Task.WhenAll(sending).WaitAsync(Patience);
        _ = await Task.WhenAny(all.Task, Task.WhenAll(receiving));
        string[] missing =
        [
            .. Enumerable
                .Range(0, Senders * Each)
                .Select(i => $"{i / Each}:{i % Each}")
                .Where(text => !handled.ContainsKey(text)),
        ];
        Assert.True(missing.Length == 0, $"{missing.Length} are missing: {string.Join(' ', missing.Take(100))}");
        await end.CancelAsync();
        await Task.WhenAll(receiving);
        int again = handled.Values.Sum(count => count - 1);
        output.WriteLine($"{Senders * Each} sent, {handled.Count} handled, {again} of them by a second receiver, 0 lost");
        Assert.Equal(Senders * Each, handled.Count);
        Assert.All(byReceiver, own => Assert.DoesNotContain(own.Values, count => count > 1));

        async Task SendAsync(int sender)
        {
            await using Sender to = await Sender.ConnectAsync(address);
            for (int i = 0; i < Each; i++)
            {
                await to.SendAsync(Encoding.UTF8.GetBytes($"{sender}:{i}"), end.Token);
            }

            CloseReport report = await to.CloseAsync(Patience);
            Assert.True(report.IsComplete, report.ToString());
        }

        async Task ReceiveAsync(ConcurrentDictionary<string, int> own)
        {
            await using Receiver receiver = await Receiver.ConnectAsync(address);
            try
            {
                await foreach (Message message in receiver.ReceiveAllAsync(end.Token))
                {
                    own.AddOrUpdate(message.Text, 1, (_, count) => count + 1);
                    handled.AddOrUpdate(message.Text, 1, (_, count) => count + 1);
                    if (handled.Count >= Senders * Each / 3)
                    {
                        third.TrySetResult();
                    }

                    if (handled.Count == Senders * Each)
                    {
                        all.TrySetResult();
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // All have come.
            }
        }
    }

    /// <summary>Acknowledgements go to the broker together, but none waits for a next message.</summary>
    [BrokerFact]
    public async Task An_accepted_message_leaves_the_queue_without_a_later_message()
    {
        Address address = paused.Node.Address("only");
        await using Sender sender = await Sender.ConnectAsync(address);
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await sender.SendAsync("only");
        using (Message message = await receiver.ReceiveAsync())
        {
            Assert.Equal("1", LeftInTheQueue());
            message.Accept();
        }

        using CancellationTokenSource end = new(Patience);
        while (LeftInTheQueue() != "0")
        {
            end.Token.ThrowIfCancellationRequested();
        }

        string LeftInTheQueue() =>
            paused.Node
                .Control("list_queues", "--quiet", "--no-table-headers", "name", "messages")
                .Split('\n', StringSplitOptions.TrimEntries)
                .Single(static line => line.StartsWith("only\t", StringComparison.Ordinal))
                .Split('\t')[1];
    }

    /// <summary>One sender, one receiver, a broker that goes away under load and comes back.</summary>
    /// <remarks>
    /// The broker is stopped in order. A single node that is killed soon after a quorum queue was made may not find it again; the test
    /// above kills a node of three.
    /// </remarks>
    [BrokerFact]
    public async Task Messages_continue_in_order_after_an_outage()
    {
        BrokerCluster broker = paused.Node;
        Address address = broker.Address("in-order", "&durable=true&unique=true");
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await using Sender sender = await Sender.ConnectAsync(address);
        using CancellationTokenSource end = new(Patience);
        int sent = 0;
        Task sending = Task.Run(async () =>
        {
            for (; sent < Each; sent++)
            {
                await sender.SendAsync(Encoding.UTF8.GetBytes($"{sent}"), end.Token);
            }
        });
        for (int i = 0; i < Each; i++)
        {
            if (i == Each / 4)
            {
                broker.Pause(1);
                broker.Resume(1);
            }

            using Message message = await receiver.ReceiveAsync(end.Token);
            Assert.Equal($"{i}", message.Text);
            message.Accept();
        }

        await sending;
        CloseReport report = await sender.CloseAsync(Patience);
        Assert.True(report.IsComplete, report.ToString());
    }

    /// <summary>Both ends of a queue, and a hub, whose connections go through the broker.</summary>
    [BrokerFact]
    public async Task An_endpoint_without_its_broker_shows_the_state_also_to_other_processes()
    {
        BrokerCluster broker = paused.Node;
        await using Receiver receiver = await Receiver.ConnectAsync(broker.Address("sought"));
        await using Sender sender = await Sender.ConnectAsync(broker.Address("sought", "&messages=1"));
        await using Hub hub = await Hub.BindAsync(broker.Address("sought-hub"));
        Channel<EndpointStateChange>[] all = [ChangesOf(receiver), ChangesOf(sender), ChangesOf(hub)];
        broker.Pause(1);
        try
        {
            foreach (Channel<EndpointStateChange> changes in all)
            {
                EndpointStateChange lost = await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience);
                Assert.Equal((EndpointState.Reconnecting, CloseReason.PeerDied, 0), (lost.State, lost.Reason, lost.Attempt));
                Assert.Contains("broker", lost.Detail, StringComparison.Ordinal);
            }

            Assert.Equal([true, true, true], Listed().Select(static endpoint => endpoint.IsReconnecting));
            _ = sender.TrySend("fills the window"u8);
            FairleadException late = Assert.Throws<FairleadException>(() => sender.Send("too late"u8, 200.Milliseconds()));
            Assert.Equal(ErrorCode.Timeout, late.Code);
            Assert.Contains("the broker closed the connection", late.Message, StringComparison.Ordinal);
        }
        finally
        {
            broker.Resume(1);
        }

        foreach (Channel<EndpointStateChange> changes in all)
        {
            EndpointStateChange found = await changes.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.Equal((EndpointState.Connected, CloseReason.PeerDied, null), (found.State, found.Reason, found.Detail));
            Assert.InRange(found.Attempt, 1, int.MaxValue);
        }

        Assert.Equal([false, false, false], Listed().Select(static endpoint => endpoint.IsReconnecting));
        using Message message = await receiver.ReceiveAsync(Patience);
        Assert.Equal("fills the window", message.Text);

        static EndpointInfo[] Listed() =>
            [.. EndpointRegistry.List().Where(endpoint => endpoint.Address.Contains("name=sought", StringComparison.Ordinal))];

        static Channel<EndpointStateChange> ChangesOf(MessagingEndpoint endpoint)
        {
            Channel<EndpointStateChange> changes = Channel.CreateUnbounded<EndpointStateChange>();
            endpoint.StateChanged += (_, change) => Assert.True(changes.Writer.TryWrite(change));
            return changes;
        }
    }

    [BrokerFact]
    public async Task Closing_without_a_broker_ends_in_time_and_reports_unsent_messages()
    {
        using BrokerCluster broker = new();
        Address address = broker.Address("orders");
        await using Sender sender = await Sender.ConnectAsync(address);
        Delivery known = await DeliverToAsync(address, sender);
        Assert.True(known.IsDelivered, known.ToString());
        broker.Kill(1);
        for (int i = 0; i < 10; i++)
        {
            await sender.SendAsync("late"u8);
        }

        CloseReport report = await sender.CloseAsync(200.Milliseconds());
        Assert.True(report is { DeadlinePassed: true, IsComplete: false, InDoubt: 10 }, report.ToString());
    }

    [BrokerFact]
    public async Task A_lost_broker_leaves_receipts_unknown_and_the_reconnect_limit_ends_the_endpoint()
    {
        using BrokerCluster broker = new();
        Address address = broker.Address("orders");
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        await using Sender sender = await Sender.ConnectAsync(address.With("reconnect", "300ms"));
        Task<Delivery> delivery = sender.DeliverAsync("in doubt"u8.ToArray()).AsTask();
        using Message message = await receiver.ReceiveAsync(Patience);
        broker.Kill(1);
        Delivery outcome = await delivery.WaitAsync(Patience);
        Assert.Equal(DeliveryStatus.Unknown, outcome.Status);
        EndpointEnd end = await sender.Completion.WaitAsync(Patience);
        output.WriteLine($"{outcome}; {end}");
        FairleadException gone = await Assert.ThrowsAsync<FairleadException>(() => sender.SendAsync("late"u8.ToArray()).AsTask());
        Assert.Equal(ErrorCode.PeerGone, gone.Code);
        output.WriteLine(gone.Message);
    }

    private static async Task<Delivery> DeliverToAsync(Address address, Sender sender)
    {
        await using Receiver receiver = await Receiver.ConnectAsync(address);
        Task<Delivery> delivery = sender.DeliverAsync("known"u8.ToArray(), Patience).AsTask();
        using (Message message = await receiver.ReceiveAsync(Patience))
        {
            message.Accept();
        }

        return await delivery;
    }
}
