using System.Diagnostics.Tracing;
using Fairlead.RabbitMQ.Bridges;
using RabbitMQ.Client;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A message that no receiver accepts is given up after a number of deliveries, and that is told.</summary>
public sealed class PoisonTests
{
    /// <summary>Ends a hang.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The pauses between the deliveries take a minute, which the clock of the receiver skips.</summary>
    [BrokerFact]
    public async Task A_queue_that_is_not_durable_drops_a_poison_message_and_the_receiver_counts_it()
    {
        ManualClock clock = new();
        Address address = Broker.NewAddress("&heartbeat=0s");
        using GivenUpListener listener = new(address.Option("name")!);
        await using Receiver receiver = await Receiver.BindAsync(address, new EndpointOptions { TimeProvider = clock });
        await using Sender sender = await Sender.ConnectAsync(address);
        await sender.SendAsync("poison");
        for (int i = 0; i < BrokerAddress.UsualDeliveries; i++)
        {
            using Message message = await NextAsync();
            Assert.Equal(("poison", i > 0), (message.Text, message.Redelivered));
            message.Reject("cannot be read");
        }

        await sender.SendAsync("next");
        using Message next = await NextAsync();
        Assert.Equal("next", next.Text);
        next.Accept();

        // It is told before it is counted.
        await Polling.Until(() => receiver.Statistics.Dropped == 1);
        Assert.Equal("20, it is dropped", Assert.Single(listener.Seen));

        async Task<Message> NextAsync()
        {
            using CancellationTokenSource end = new(Patience);
            Task<Message> coming = receiver.ReceiveAsync(null, end.Token).AsTask();
            while (!coming.IsCompleted)
            {
                clock.Advance(5.Seconds());
                await Task.Yield();
            }

            return await coming;
        }
    }

    /// <summary>Without limit by its own wish.</summary>
    [BrokerTheory]
    [InlineData("", 19, true)]
    [InlineData("&deliveries=7", 6, true)]
    [InlineData("&deliveries=infinite", int.MaxValue, false)]
    public async Task A_durable_queue_has_its_limit_at_the_broker(string options, int limit, bool hasDeadLetters)
    {
        Address address = Broker.NewAddress($"&durable=true{options}");
        string name = address.Option("name")!;
        await using (await Sender.ConnectAsync(address))
        {
            await using IConnection administrator =
                await new ConnectionFactory { Uri = new Uri($"amqp://{Broker.Node}/"), AutomaticRecoveryEnabled = false }
                    .CreateConnectionAsync();
            await using IChannel channel = await administrator.CreateChannelAsync();

            // The broker refuses a declaration that differs.
            Dictionary<string, object?> arguments = new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = limit };
            if (hasDeadLetters)
            {
                arguments["x-dead-letter-exchange"] = "";
                arguments["x-dead-letter-routing-key"] = $"{name}.dead";
                arguments["x-dead-letter-strategy"] = "at-least-once";
                arguments["x-overflow"] = "reject-publish";
            }

            _ = await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments);
            _ = await channel.QueueDeleteAsync(name);
            if (hasDeadLetters)
            {
                await using Receiver dead = await Receiver.ConnectAsync(address.Without("deliveries").With("name", $"{name}.dead"));
                Assert.Equal(0u, await channel.QueueDeleteAsync($"{name}.dead"));
            }
        }
    }

    [Fact]
    public void Redeliveries_are_counted_until_the_message_is_done_or_many_others_arrive()
    {
        Redeliveries counts = new();
        string key = Redeliveries.KeyOf(null, "body"u8);
        Assert.Equal((key, "id"), (Redeliveries.KeyOf(null, "body"u8.ToArray()), Redeliveries.KeyOf("id", "body"u8)));
        Assert.Equal((1, 1, 2), (counts.Add("id"), counts.Add(key), counts.Add(key)));
        counts.End(key);
        Assert.Equal(1, counts.Add(key));
        for (int i = 0; i <= Redeliveries.Most; i++)
        {
            _ = counts.Add("done");
            counts.End("done");
        }

        Assert.Equal(2, counts.Add("id"));
        for (int i = 0; i <= Redeliveries.Most; i++)
        {
            _ = counts.Add($"other {i}");
        }

        Assert.Equal(1, counts.Add("id"));
    }

    private sealed class GivenUpListener : EventListener
    {
        private readonly string _name;

        public GivenUpListener(string name)
        {
            _name = name;
            foreach (EventSource source in EventSource.GetSources().Where(static source => source.Name == "Fairlead"))
            {
                EnableEvents(source, EventLevel.Warning);
            }
        }

        public List<string> Seen { get; } = [];

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "GivenUp" && $"{eventData.Payload![0]}".Contains(_name, StringComparison.Ordinal))
            {
                lock (Seen)
                {
                    Seen.Add($"{eventData.Payload[1]}, {eventData.Payload[2]}");
                }
            }
        }
    }
}
