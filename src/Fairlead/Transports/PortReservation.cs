using System.Globalization;
using System.Net;
using Fairlead.Native;
using Fairlead.Native.Sockets;
using Fairlead.Transports;

namespace Fairlead;

/// <summary>
/// Ports that are free on every interface. This process binds them without listening, so no other process gets them until disposal.
/// </summary>
/// <remarks>
/// Between the release and the start of the program that is to have a port, another program may take it. If the server can tell its
/// address, bind to port 0 instead: <see cref="MessagingEndpoint.Address"/> then names the port.
/// </remarks>
public sealed class PortReservation : IDisposable
{
    private readonly List<Descriptor> _sockets = [];
    private readonly List<int> _ports = [];

    private PortReservation()
    {
    }

    /// <summary>The ports, in the order in which they were found.</summary>
    public IReadOnlyList<int> Ports => _ports;

    /// <summary>Reserves TCP ports.</summary>
    /// <param name="count">The number of ports.</param>
    /// <param name="range">The first and the last permitted port; null: the system chooses.</param>
    /// <exception cref="FairleadException">Unavailable: too few ports are free.</exception>
    public static PortReservation Tcp(int count = 1, (int First, int Last)? range = null) => Take(NativeSocketType.Stream, count, range);

    /// <summary>Reserves UDP ports.</summary>
    /// <inheritdoc cref="Tcp" path="/param|/exception"/>
    public static PortReservation Udp(int count = 1, (int First, int Last)? range = null) => Take(NativeSocketType.Datagram, count, range);

    /// <summary>Releases the ports.</summary>
    public void Dispose()
    {
        foreach (Descriptor socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private static PortReservation Take(NativeSocketType type, int count, (int First, int Last)? range)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (range is { } given && (given.First < 1 || given.Last > ushort.MaxValue || given.First > given.Last))
        {
            throw new ArgumentOutOfRangeException(nameof(range), range, "Ports are numbers from 1 to 65535, the first not above the last.");
        }

        PortReservation reservation = new();
        try
        {
            int next = range?.First ?? 0;
            while (reservation._ports.Count < count)
            {
                if (next > range?.Last)
                {
                    throw TooFew(reservation._ports.Count, count, range);
                }

                if (!reservation.TryTake(type, next) && range is null)
                {
                    throw TooFew(reservation._ports.Count, count, range);
                }

                next += range is null ? 0 : 1;
            }

            return reservation;
        }
        catch
        {
            reservation.Dispose();
            throw;
        }
    }

    private bool TryTake(NativeSocketType type, int port)
    {
        IPEndPoint place = HostAddresses.ResolveForBinding(Address.Parse(string.Create(CultureInfo.InvariantCulture, $"tcp://*:{port}")));
        Descriptor socket = NativeSocket.Create(place.AddressFamily, type);
        Errno error = NativeSocket.Bind(socket, place.Serialize());
        if (error == Errno.None)
        {
            _sockets.Add(socket);
            _ports.Add(HostAddresses.EndPointOf(NativeSocket.LocalName(socket)).Port);
            return true;
        }

        socket.Dispose();
        return error is Errno.EADDRINUSE or Errno.EACCES ? false : throw ErrnoMap.Failure("cannot reserve a port", error);
    }

    private static FairleadException TooFew(int found, int count, (int First, int Last)? range) =>
        new(
            ErrorCode.Unavailable,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{found} of {count} ports are free{(range is { } of ? $" from {of.First} to {of.Last}" : "")}"),
            "Request fewer, or widen the range. Ports below 1024 need a privilege.");
}
