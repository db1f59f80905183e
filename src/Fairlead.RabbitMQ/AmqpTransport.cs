using Fairlead.RabbitMQ.Bridges;
using Fairlead.RabbitMQ.Tunnels;
using Fairlead.Transports;
using Fairlead.Transports.Inproc;

namespace Fairlead.RabbitMQ;

/// <summary>
/// <c>amqp://</c>: an endpoint talks with a bridge in its own process, by the protocol that it speaks with every peer; the bridge talks
/// AMQP with the broker. Hubs and pairs talk with each other, through a tunnel of two queues.
/// </summary>
internal sealed class AmqpTransport(string scheme) : ITransport
{
    private const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.CrossHost
        | TransportCapabilities.ManyPeers;

    public string Scheme => scheme;

    public IReadOnlyList<string> Options => BrokerAddress.Options;

    public string Remedy => "Choose another address.";

    public bool IsToBridge => true;

    public int LongestTopic(Address address) => BrokerTopics.LongestKey;

    public TransportCapabilities CapabilitiesOf(Address address) =>
        address.Option("durable") == "true" ? Capabilities | TransportCapabilities.Durable : Capabilities;

    /// <summary>Connects to the broker, which takes a few round trips. Blocks until then, at most as long as a handshake may
    /// take.</summary>
    public IListener Bind(Address address, EndpointSettings settings)
    {
        BrokerAddress broker = BrokerAddress.Of(address, settings);
        if (Tunnel.Carries(settings.Pattern))
        {
            return Task.Run(() => Tunnel.BindAsync(broker, settings)).GetAwaiter().GetResult();
        }

        return Task.Run(async () =>
        {
            Bridge bridge = await OpenAsync(broker, settings, CancellationToken.None).ConfigureAwait(false);
            (InprocConnection near, InprocConnection far) = InprocConnection.PairToBridge(bridge.Broker);
            SingleListener listener = new(address, near) { YieldsOne = true };
            bridge.StartOver(far);
            return (IListener)listener;
        }).GetAwaiter().GetResult();
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        BrokerAddress broker = BrokerAddress.Of(address, settings);
        if (Tunnel.Carries(settings.Pattern))
        {
            return await Tunnel.ConnectAsync(broker, settings, cancellationToken).ConfigureAwait(false);
        }

        Bridge bridge = await OpenAsync(broker, settings, cancellationToken).ConfigureAwait(false);
        (InprocConnection near, InprocConnection far) = InprocConnection.PairToBridge(bridge.Broker);
        try
        {
            bridge.StartBehind(far);
            return near;
        }
        catch
        {
            near.Dispose();
            await bridge.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task<Bridge> OpenAsync(BrokerAddress broker, EndpointSettings settings, CancellationToken cancellationToken)
    {
        Bridge bridge = Bridge.Of(broker, settings);
        try
        {
            await bridge.OpenAsync(cancellationToken).ConfigureAwait(false);
            return bridge;
        }
        catch
        {
            await bridge.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
