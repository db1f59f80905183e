using Fairlead.RabbitMQ;

namespace Fairlead.TestPeer;

/// <content>Peers at a broker. Native AOT leaves this file out: no test uses such a peer there.</content>
internal static partial class Program
{
    static partial void RegisterBroker() => RabbitMqTransport.Register();
}
