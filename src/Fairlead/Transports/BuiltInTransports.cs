using Fairlead.Transports.Fifo;
using Fairlead.Transports.Inproc;
using Fairlead.Transports.MappedLogs;
using Fairlead.Transports.Pipes;
using Fairlead.Transports.SharedMemory;
using Fairlead.Transports.Tcp;
using Fairlead.Transports.Tls;
using Fairlead.Transports.Udp;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Transports;

/// <summary>The list of all transports by scheme.</summary>
/// <remarks>
/// Only this list names concrete transports. Nothing is found by reflection: a transport of another assembly is added by a call. Any
/// thread; a lookup takes no lock.
/// </remarks>
internal static class BuiltInTransports
{
    private static ITransport[] _transports =
    [
        new InprocTransport(),
        new SharedMemoryTransport(),
        new MappedLogTransport(),
        new DescriptorTransport(),
        new FifoTransport(),
        new UnixSocketTransport(),
        new UnixPacketTransport(),
        new UnixDatagramTransport(),
        new TcpTransport(),
        new TlsTransport(),
        new UdpTransport(),
    ];

    /// <summary>Every transport, in the order of the documentation.</summary>
    public static IReadOnlyList<ITransport> All => Volatile.Read(ref _transports);

    /// <summary>Adds a transport of another assembly. Does nothing if its scheme is served already.</summary>
    public static void Add(ITransport transport)
    {
        ITransport[] before;
        ITransport[] after;
        do
        {
            before = Volatile.Read(ref _transports);
            if (Array.Exists(before, other => other.Scheme == transport.Scheme))
            {
                return;
            }

            after = [.. before, transport];
        }
        while (Interlocked.CompareExchange(ref _transports, after, before) != before);
    }

    /// <summary>For tests: wraps the transport of an address.</summary>
    internal static Func<Address, ITransport, ITransport>? Interposed { get; set; }

    /// <exception cref="FairleadException">NotSupported: no transport serves this scheme.</exception>
    public static ITransport Find(Address address)
    {
        foreach (ITransport transport in All)
        {
            if (transport.Scheme == address.Scheme)
            {
                return Interposed is { } interposed ? interposed(address, transport) : transport;
            }
        }

        throw new FairleadException(
            ErrorCode.NotSupported,
            $"{address.Scheme}:// is not served by this version",
            address.Scheme is "amqp" or "amqps"
                ? "Reference the package Fairlead.RabbitMQ, and call RabbitMqTransport.Register() when the program starts."
                : $"Use one of {string.Join(", ", All.Select(static t => t.Scheme))}.")
        {
            Address = address,
        };
    }
}
