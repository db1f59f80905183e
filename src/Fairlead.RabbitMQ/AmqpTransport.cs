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

    /// <summary>How often opening is tried when the broker itself fails.</summary>
    private const int MaxAttempts = 4;

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
            return Task.Run(() => RetryAsync(
                async _ => await Tunnel.BindAsync(broker, settings).ConfigureAwait(false), CancellationToken.None))
                .GetAwaiter().GetResult();
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
            return await RetryAsync(token => Tunnel.ConnectAsync(broker, settings, token), cancellationToken)
                .ConfigureAwait(false);
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

    private static Task<Bridge> OpenAsync(BrokerAddress broker, EndpointSettings settings, CancellationToken cancellationToken) =>
        RetryAsync(token => OpenOnceAsync(broker, settings, token), cancellationToken);

    /// <summary>Opens again a few times, with growing pauses, when the broker itself failed at what it does every day.</summary>
    private static async Task<T> RetryAsync<T>(
        Func<CancellationToken, ValueTask<T>> open, CancellationToken cancellationToken)
    {
        // Not the endpoint's clock: who turns that may be waiting for the endpoint.
        ReopenPause pause = new(TimeProvider.System);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await open(cancellationToken).ConfigureAwait(false);
            }
            catch (FairleadException problem) when (attempt < MaxAttempts && BrokerErrors.IsInternal(problem))
            {
                await pause.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<Bridge> OpenOnceAsync(
        BrokerAddress broker, EndpointSettings settings, CancellationToken cancellationToken)
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
