using System.Net;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Udp;

/// <summary><c>udp://host:port</c>: one datagram per message, which may get lost, duplicated or reordered.</summary>
/// <remarks>With <c>?reliable=true</c>, the datagrams carry a stream of frames without losses.</remarks>
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

    /// <summary>The length of the longest datagram over IPv4, whose packets have at most 65,535 bytes.</summary>
    public const int Longest = 65_507;

    private static readonly TimeSpan DefaultIdle = TimeSpan.FromMinutes(1);

    public string Scheme => "udp";

    public IReadOnlyList<string> Options { get; } = [.. UdpSocket.Options, "idle", UdpSocket.LocalOption, "reliable"];

    public IReadOnlyList<string> PlaceOptions { get; } = ["reliable"];

    public string Remedy => "Datagrams and their answers may be lost. Use ?reliable=true at both ends, or send without receipts.";

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
                "a sender of datagrams cannot be bound, because a receiver does not announce itself",
                "Bind the receiver and connect the sender.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);
        TimeSpan idle = AddressOptions.Duration(address, "idle") ?? DefaultIdle;
        Descriptor socket = UdpSocket.Bind(address, out Address bound);
        try
        {
            string? local = HostAddresses.LocalOf(socket);
            return settings.Pattern == PatternKind.Receiver
                ? new SingleListener(
                    bound,
                    new DatagramConnection(
                        socket, settings, Unreliable, new Peer { LocalAddress = local }, Longest, isConnected: false)
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
                "a receiver of datagrams cannot connect, because a sender would not know of it",
                "Bind the receiver and connect the sender. To receive from a group, bind to its address.")
            {
                Address = address,
            };
        }

        _ = DatagramConnection.FramingOf(settings);
        (Descriptor socket, IPEndPoint place) = await UdpSocket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
        return new DatagramConnection(
            socket, settings, Unreliable, PeerOf(socket, place.ToString()), Longest, isConnected: true)
        {
            OnStranger = ReliableRefusals.OnStranger,
        };
    }

    /// <summary>Returns the other end of a connected socket.</summary>
    public static Peer PeerOf(Descriptor socket, string remote) =>
        new() { RemoteAddress = remote, LocalAddress = HostAddresses.LocalOf(socket) };

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
        IPEndPoint[] places = await HostAddresses.ResolveAsync(address, cancellationToken).ConfigureAwait(false);
        return await ConnectReliablyAsync(address, places, settings, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects to the first of the places that answers. They share the time of one handshake.</summary>
    /// <remarks>
    /// A UDP socket connects to any place: only the handshake shows whether an endpoint listens there. A silent place leaves time to those
    /// after it.
    /// </remarks>
    internal static async ValueTask<Connection> ConnectReliablyAsync(
        Address address, IReadOnlyList<IPEndPoint> places, EndpointSettings settings, CancellationToken cancellationToken)
    {
        Deadline deadline = Deadline.After(settings.HandshakeTimeout, settings.Time);
        FairleadException? failure = null;
        for (int i = 0; i < places.Count; i++)
        {
            IPEndPoint place = places[i];
            if (UdpSocket.TryConnect(address, place, ref failure) is not { } socket)
            {
                continue;
            }

            int left = places.Count - i;
            Deadline share = left == 1 ? deadline : Deadline.After(deadline.Remaining / left, settings.Time);
            try
            {
                return new ReliableConnection(
                    await ReliableConnector.ConnectAsync(socket, address, place, settings, share, cancellationToken)
                        .ConfigureAwait(false));
            }
            catch (FairleadException exception)
                when (exception.Code is ErrorCode.NotFound or ErrorCode.Unavailable || (exception.Code == ErrorCode.Timeout && left > 1))
            {
                socket.Dispose();
                failure ??= exception;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure ?? UdpSocket.NoPlace(address);
    }

    /// <summary>Refuses what a reliable session cannot do.</summary>
    /// <remarks>It has exactly two ends, because a group cannot acknowledge. Both must speak Fairlead's protocol, because other programs do
    /// not acknowledge.</remarks>
    private static void CheckReliable(Address address, EndpointSettings settings)
    {
        if (UdpSocket.Options.FirstOrDefault(option => address.Option(option) is not null) is { } option)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"option '{option}' is for datagrams to many peers, but a reliable session has only one",
                $"Remove {option}= or reliable=true.")
            {
                Address = address,
            };
        }

        if (IPAddress.TryParse(address.Host, out IPAddress? host) && UdpSocket.IsGroup(host))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "datagrams to a group cannot be reliable, because the peers that must acknowledge them are unknown",
                "Remove reliable=true, or connect to one host.")
            {
                Address = address,
            };
        }

        if (address.Option("idle") is not null)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "option 'idle' is for unreliable sessions; a reliable session has a heartbeat instead",
                "Use heartbeat= instead.")
            {
                Address = address,
            };
        }

        if (settings.Framing is not FairleadFraming)
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "a program that does not speak Fairlead's protocol cannot acknowledge datagrams",
                "Remove framing= or reliable=true.")
            {
                Address = address,
            };
        }
    }
}
