using System.Net;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Udp;

/// <summary>
/// <c>udp://host:port</c>: datagrams. Each is a message; some get lost, some come twice or too early. With <c>?reliable=true</c> a stream
/// of frames goes in them, of which nothing is lost.
/// </summary>
internal sealed class UdpTransport : ITransport
{
    public const TransportCapabilities Unreliable = TransportCapabilities.Duplex
        | TransportCapabilities.KeepsBoundaries
        | TransportCapabilities.CrossHost
        | TransportCapabilities.ManyPeers;

    public const TransportCapabilities Reliable = TransportCapabilities.Duplex
        | TransportCapabilities.Reliable
        | TransportCapabilities.Ordered
        | TransportCapabilities.CrossHost
        | TransportCapabilities.ManyPeers;

    /// <summary>Bytes of the longest datagram over IPv4, where a packet has 65,535.</summary>
    public const int Longest = 65_507;

    private static readonly TimeSpan DefaultIdle = TimeSpan.FromMinutes(1);

    public string Scheme => "udp";

    public IReadOnlyList<string> Options { get; } = [.. UdpSocket.Options, "idle", "reliable"];

    public IReadOnlyList<string> PlaceOptions { get; } = ["reliable"];

    public string Remedy => "Datagrams may be lost, and answers with them: say ?reliable=true at both ends, or send without";

    public TransportCapabilities CapabilitiesOf(Address address) => IsReliable(address) ? Reliable : Unreliable;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        if (IsReliable(address))
        {
            return BindReliably(address, settings);
        }

        if (settings.Pattern == PatternKind.Sender)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a sender of datagrams cannot wait for its receiver, who would have to say that it is there",
                "Bind the receiver, and connect the sender.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);
        TimeSpan idle = AddressOptions.Duration(address, "idle") ?? DefaultIdle;
        Descriptor socket = UdpSocket.Bind(address, out Address bound);
        try
        {
            return settings.Pattern == PatternKind.Receiver
                ? new SingleListener(
                    bound,
                    new DatagramConnection(socket, settings, Unreliable, new Peer(), Longest, isConnected: false)
                    {
                        OnStranger = ReliableRefusals.OnStranger,
                    })
                : new UdpSessions(bound, socket, settings, idle);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        if (IsReliable(address))
        {
            return await ConnectReliablyAsync(address, settings, cancellationToken).ConfigureAwait(false);
        }

        if (settings.Pattern == PatternKind.Receiver)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a receiver of datagrams that connects would be unknown to who sends",
                "Bind the receiver, and connect the sender; to hear a group, bind to its address.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);
        (Descriptor socket, IPEndPoint place) = await UdpSocket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        return new DatagramConnection(
            socket, settings, Unreliable, new Peer { RemoteAddress = place.ToString() }, Longest, isConnected: true)
        {
            OnStranger = ReliableRefusals.OnStranger,
        };
    }

    private static bool IsReliable(Address address) => AddressOptions.Bool(address, "reliable") == true;

    private static ReliableListener BindReliably(Address address, EndpointSettings settings)
    {
        CheckReliable(address, settings);
        Address? bound = null;
        Descriptor socket = EndingHolder.Outlast(() => UdpSocket.Bind(address, out bound, isReliable: true), isHeldByDescriptors: true);
        try
        {
            return new ReliableListener(bound!, socket, settings);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async ValueTask<Connection> ConnectReliablyAsync(
        Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        CheckReliable(address, settings);
        (Descriptor socket, IPEndPoint place) = await UdpSocket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        try
        {
            return new ReliableConnection(
                await ReliableConnector.ConnectAsync(socket, address, place, settings, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// One speaks with one: nobody could acknowledge for a group. And both speak Fairlead's protocol, since a program that does not
    /// acknowledges nothing.
    /// </summary>
    private static void CheckReliable(Address address, EndpointSettings settings)
    {
        if (UdpSocket.Options.FirstOrDefault(option => address.Option(option) is not null) is { } option)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"{option} is about datagrams to many, and what is reliable goes to one, who acknowledges it",
                $"Leave {option} away, or reliable=true.")
            {
                Address = address,
            };
        }

        if (IPAddress.TryParse(address.Host, out IPAddress? host) && UdpSocket.IsGroup(host))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "what goes to a group cannot be reliable: nobody knows who would have to acknowledge it",
                "Leave reliable=true away, or connect to one host.")
            {
                Address = address,
            };
        }

        if (address.Option("idle") is not null)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "idle is about sessions that are ended because nothing certain is known of them; a reliable one has a heartbeat",
                "Write heartbeat= instead.")
            {
                Address = address,
            };
        }

        if (settings.Framing is not FairleadFraming)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a program that does not speak Fairlead's protocol acknowledges nothing",
                "Leave framing away, or reliable=true.")
            {
                Address = address,
            };
        }
    }
}
