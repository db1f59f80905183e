using Fairlead.Transports;

namespace Fairlead.RabbitMQ;

/// <summary>RabbitMQ as a transport: addresses with <c>amqp://</c> and <c>amqps://</c>.</summary>
public static class RabbitMqTransport
{
    /// <summary>
    /// Makes endpoints accept <c>amqp://</c> and <c>amqps://</c> in this process. Call it once, before the first such address is used.
    /// </summary>
    /// <remarks>Further calls do nothing. Any thread may call it.</remarks>
    public static void Register()
    {
        BuiltInTransports.Add(new AmqpTransport("amqp"));
        BuiltInTransports.Add(new AmqpTransport("amqps"));
    }
}
