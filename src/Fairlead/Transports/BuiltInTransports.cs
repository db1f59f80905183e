using Fairlead.Transports.Fifo;
using Fairlead.Transports.Inproc;
using Fairlead.Transports.MappedLogs;
using Fairlead.Transports.Pipes;
using Fairlead.Transports.SharedMemory;
using Fairlead.Transports.Tcp;
using Fairlead.Transports.Udp;
using Fairlead.Transports.UnixSocket;

namespace Fairlead.Transports;

/// <summary>The list of all transports by scheme.</summary>
/// <remarks>Only this list names concrete transports. Nothing is found by reflection.</remarks>
internal static class BuiltInTransports
{
    private static readonly ITransport[] Transports =
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
        new UdpTransport(),
    ];

    /// <summary>Every transport, in the order of the documentation.</summary>
    public static IReadOnlyList<ITransport> All => Transports;

    /// <summary>For tests: wraps the transport of an address.</summary>
    internal static Func<Address, ITransport, ITransport>? Interposed { get; set; }

    /// <exception cref="FairleadException">NotSupported: no transport serves this scheme.</exception>
    public static ITransport Find(Address address)
    {
        foreach (ITransport transport in Transports)
        {
            if (transport.Scheme == address.Scheme)
            {
                return Interposed is { } interposed ? interposed(address, transport) : transport;
            }
        }

        throw new FairleadException(
            ErrorCode.NotSupported,
            $"{address.Scheme}:// is not served by this version",
            $"Use one of {string.Join(", ", Transports.Select(static t => t.Scheme))}.")
        {
            Address = address,
        };
    }
}
