namespace Fairlead.RabbitMQ.Tests;

/// <summary>A test that needs a broker. Skipped, and counted, where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerFactAttribute : FactAttribute
{
    public BrokerFactAttribute() => Skip = Broker.Missing;
}

/// <summary>The same with arguments.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrokerTheoryAttribute : TheoryAttribute
{
    public BrokerTheoryAttribute() => Skip = Broker.Missing;
}
