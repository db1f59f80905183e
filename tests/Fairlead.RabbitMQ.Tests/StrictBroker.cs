namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker with narrow limits: a delivery is to be accepted within 2 seconds, and a message has at most 100,000 bytes.</summary>
public sealed class StrictBroker : IDisposable
{
    // Made when the first test needs it: there may be no RabbitMQ here.
    private readonly Lazy<BrokerCluster> _broker = new(static () =>
    {
        string settings = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(settings, ["consumer_timeout = 2000", "max_message_size = 100000"]);
            BrokerCluster broker = new(1, settings);

            // How often it looks for late ones: once a minute otherwise.
            broker.Control("eval", "application:set_env(rabbit, channel_tick_interval, 500).");
            return broker;
        }
        finally
        {
            File.Delete(settings);
        }
    });

    internal BrokerCluster Node => _broker.Value;

    public void Dispose()
    {
        if (_broker.IsValueCreated)
        {
            _broker.Value.Dispose();
        }
    }
}
