using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>
/// <c>fifo://name</c>, <c>fifo:///path</c>: a FIFO, one way. <c>fifo://a,b</c>: two of them, both ways; whoever binds reads the first.
/// </summary>
internal sealed class FifoTransport : ITransport
{
    /// <summary>Of one FIFO: many may write, and nothing comes back.</summary>
    public const TransportCapabilities Simplex =
        TransportCapabilities.Reliable | TransportCapabilities.Ordered | TransportCapabilities.ManyPeers;

    /// <summary>Of two: one peer at a time.</summary>
    public const TransportCapabilities Duplex =
        TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Ordered;

    public string Scheme => "fifo";

    public IReadOnlyList<string> Options { get; } = [.. PlaceMode.Options, "writers"];

    public string Remedy => "Name two FIFOs, fifo://a,b, for a talk of two ends, or choose another address";

    public int LongestPiece(Address address) =>
        HasOneWriter(address) || IsPair(address) ? 256 * 1024 : PipeConnection.LongestAtomic - Framing.MessageHeader.Size;

    public TransportCapabilities CapabilitiesOf(Address address) => IsPair(address) ? Duplex : Simplex;

    public IListener Bind(Address address, EndpointSettings settings)
    {
        _ = HasOneWriter(address);
        return EndingHolder.Outlast(() => BindOnce(address, settings), isHeldByDescriptors: false);
    }

    private static IListener BindOnce(Address address, EndpointSettings settings) =>
        IsPair(address) ? FifoPairListener.Bind(address, settings)
        : settings.Pattern == PatternKind.Sender ? FifoWriterListener.Bind(address, settings)
        : FifoReaderListener.Bind(address, settings);

    public ValueTask<Connection> ConnectAsync(Address address, EndpointSettings settings, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _ = HasOneWriter(address);
        return IsPair(address)
            ? FifoPairConnector.ConnectAsync(address, settings, cancellationToken)
            : new ValueTask<Connection>(
                settings.Pattern == PatternKind.Sender ? ConnectToReader(address, settings) : ConnectToWriter(address, settings));
    }

    /// <summary>A connection that writes into a FIFO, which others may do as well.</summary>
    public static PipeConnection WriterOf(
        Descriptor writer,
        Address address,
        EndpointSettings settings,
        Peer peer,
        Action? onClosed = null
    ) => new(null, writer, settings.Framing, Simplex, peer) { HasOtherWriters = !HasOneWriter(address), OnClosed = onClosed };

    private static bool IsPair(Address address) => address.Place.Contains(',');

    private static bool HasOneWriter(Address address) =>
        address.Option("writers") switch
        {
            null or "many" => false,
            "1" => true,
            string other => throw new AddressFormatException(
                address.ToString(), $"option 'writers' cannot be '{other}': 1, for messages of any length, or many, which is the default"),
        };

    private static PipeConnection ConnectToReader(Address address, EndpointSettings settings)
    {
        using FifoFile file = FifoFile.Find(address, address.Place);
        Descriptor writer =
            file.TryOpenToWrite(address)
            ?? throw new FairleadException(ErrorCode.NotFound, "nobody reads there", "Start a receiver, or wait for one: ?wait=5s.")
            {
                Address = address,
                Errno = (int)Errno.ENXIO,
            };
        return WriterOf(writer, address, settings, file.Peer);
    }

    private static PipeConnection ConnectToWriter(Address address, EndpointSettings settings)
    {
        using FifoFile file = FifoFile.Find(address, address.Place);
        Descriptor reader =
            file.TryOpenToReadAlone(address)
            ?? throw new FairleadException(
                ErrorCode.Full,
                "somebody else reads there already",
                $"A FIFO has one reader. See who it is: fuser -v {FifoFile.PathOf(address, address.Place)}")
            {
                Address = address,
            };
        if (FifoHolders.Find(file.Identity, address) is null && !HasWriter(file, reader))
        {
            reader.Dispose();
            throw new FairleadException(
                ErrorCode.NotFound,
                "nobody writes there",
                "Start a sender, wait for one with ?wait=5s, or bind: then senders may come and go.")
            {
                Address = address,
            };
        }

        return new PipeConnection(reader, null, settings.Framing, Simplex, file.Peer);
    }

    /// <summary>
    /// Whether somebody has it open for writing, or had, and has left something. One writer that comes and goes, this one, tells: where it
    /// was the last, the reader is told of the end.
    /// </summary>
    private static bool HasWriter(FifoFile file, Descriptor reader)
    {
        using (Descriptor? writer = NativeFile.Reopen(file.Place, OpenFlags.WriteOnly, out _))
        {
            if (writer is null)
            {
                // This user may only read, and cannot find out.
                return true;
            }
        }

        return (BlockingWait.Wait(reader, PollEvents.Read, TimeSpan.Zero) & (PollEvents.HangUp | PollEvents.Read)) != PollEvents.HangUp;
    }
}
