using Fairlead.RabbitMQ.Bridges;
using Fairlead.Transports;

namespace Fairlead.RabbitMQ.Tunnels;

/// <summary>Connections between two processes through the broker, for patterns that are about connections: hubs and pairs.</summary>
/// <remarks>
/// The session protocol runs between the two ends, as over a socket: numbers of clients, credit, receipts, heartbeats and closing are the
/// engine's. The broker only carries the bytes, in order, and tells when a queue is not there.
/// </remarks>
internal static class Tunnel
{
    public const TransportCapabilities Capabilities = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.CrossHost
        | TransportCapabilities.ManyPeers;

    /// <summary>Whether the endpoints of a pattern have connections to each other.</summary>
    public static bool Carries(PatternKind pattern) => pattern is PatternKind.Hub or PatternKind.Pair;

    /// <summary>The queue of a bound end.</summary>
    public static string QueueOf(BrokerAddress broker) => $"{broker.Name}.connections";

    /// <summary>Binds an end.</summary>
    /// <exception cref="FairleadException">AlreadyExists, NotSupported; as for any session with a broker.</exception>
    public static Task<IListener> BindAsync(BrokerAddress broker, EndpointSettings settings)
    {
        RequireTransient(broker);
        return TunnelListener.OpenAsync(broker, settings);
    }

    /// <summary>Connects to the end that is bound.</summary>
    /// <exception cref="FairleadException">NotFound, NotSupported; as for any session with a broker.</exception>
    public static async ValueTask<Connection> ConnectAsync(
        BrokerAddress broker, EndpointSettings settings, CancellationToken cancellationToken)
    {
        RequireTransient(broker);
        TunnelSession session = await TunnelSession.OpenAsync(broker, settings, "", null, cancellationToken).ConfigureAwait(false);
        StreamConnection? connection = null;
        try
        {
            string peer = QueueOf(broker);
            connection = TryConnect(session, peer, settings) ?? throw new FairleadException(
                ErrorCode.Unavailable, "the connection to the broker ended", "Connect with ?wait= to try again.");
            await session.PublishAsync(peer, TunnelKind.Open, default, cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (Exception problem)
        {
            connection?.Dispose();
            throw problem is FairleadException { Code: ErrorCode.PeerGone }
                ? new FairleadException(
                    ErrorCode.NotFound,
                    $"no hub or pair is bound at '{broker.Name}' of this broker",
                    "Start it first, or connect with ?wait=10s.",
                    problem)
                {
                    Address = broker.Address,
                }
                : problem;
        }
        finally
        {
            session.Release();
        }
    }

    /// <summary>Makes a connection to a peer; null if the session is over.</summary>
    public static StreamConnection? TryConnect(TunnelSession session, string peer, EndpointSettings settings)
    {
        TunnelChannel channel = new(session, peer, settings);
        if (!session.TryAdd(peer, channel))
        {
            channel.Abandon();
            return null;
        }

        return new StreamConnection(channel, settings.Framing, Capabilities, new Peer { RemoteAddress = session.Node });
    }

    private static void RequireTransient(BrokerAddress broker)
    {
        if (broker.IsDurable || broker.IsUnique || broker.GivesDeliveries)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "the messages of a connection are neither durable nor delivered again",
                "Remove ?durable=, ?unique= and ?deliveries=.")
            {
                Address = broker.Address,
            };
        }

        if (broker.TimeToLive is not null)
        {
            throw new FairleadException(
                ErrorCode.NotSupported, "a connection would end with the first message that the broker drops", "Remove ?ttl=.")
            {
                Address = broker.Address,
            };
        }

        if (broker.Limits.Any)
        {
            throw Topology.NoSharedQueue(broker);
        }

        if (broker.IsPassive)
        {
            throw new FairleadException(
                ErrorCode.NotSupported, "the queues of connections belong to their two ends, and exist only with them", "Remove ?declare=.")
            {
                Address = broker.Address,
            };
        }
    }
}
