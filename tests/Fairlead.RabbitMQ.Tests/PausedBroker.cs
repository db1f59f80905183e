namespace Fairlead.RabbitMQ.Tests;

/// <summary>
/// A broker of one node that tests may pause, change and question, one after the other. Each leaves it running.
/// </summary>
[CollectionDefinition(Name)]
public sealed class PausedBroker : ICollectionFixture<PausedBroker>, IDisposable
{
    public const string Name = "a broker that is paused";

    // Made when the first test needs it: there may be no RabbitMQ here.
    private readonly Lazy<BrokerCluster> _broker = new(static () => new BrokerCluster());

    internal BrokerCluster Node => _broker.Value;

    public void Dispose()
    {
        if (_broker.IsValueCreated)
        {
            _broker.Value.Dispose();
        }
    }
}
