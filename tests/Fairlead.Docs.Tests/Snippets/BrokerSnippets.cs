using Fairlead.RabbitMQ;

namespace Fairlead.Docs.Tests.Snippets;

/// <summary>docs/transports/rabbitmq.md</summary>
public sealed class BrokerSnippets
{
    /// <summary>The tests of the broker's package send them; without a broker there are none.</summary>
    [Fact]
    public async Task Broker_properties_are_refused_without_a_broker()
    {
        byte[] order = [3];
        await using var receiver = await Receiver.BindAsync("inproc://orders-with-properties");
        await using var sender = await Sender.ConnectAsync("inproc://orders-with-properties");
        FairleadException refused = await Assert.ThrowsAsync<FairleadException>(ExchangeAsync);
        Assert.Equal(ErrorCode.NotSupported, refused.Code);

        async Task ExchangeAsync()
        {
            BrokerProperties properties = new()
            {
                ContentType = "application/json",
                TimeToLive = TimeSpan.FromMinutes(10),
                Headers = new Dictionary<string, object> { ["tenant"] = "blooms", ["version"] = 7L },
            };
            await sender.SendAsync(order, properties);

            using Message message = await receiver.ReceiveAsync();
            if (message.BrokerProperties().Headers.TryGetValue("tenant", out object? tenant))
            {
                Console.WriteLine(tenant);
            }
        }
    }
}
