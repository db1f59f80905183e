using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary><c>fifo://name</c> or <c>fifo:///path</c>: a one-way FIFO. <c>fifo://a,b</c>: two FIFOs for both directions.</summary>
/// <remarks>The endpoint that binds a pair reads the first.</remarks>
internal sealed class FifoTransport : ITransport
{
    /// <summary>The capabilities of one FIFO: many processes may write, and nothing comes back.</summary>
    public const TransportCapabilities Simplex =
        TransportCapabilities.Reliable | TransportCapabilities.Ordered | TransportCapabilities.ManyPeers;

    /// <summary>The capabilities of two FIFOs: one peer at a time.</summary>
    public const TransportCapabilities Duplex =
        TransportCapabilities.Duplex | TransportCapabilities.Reliable | TransportCapabilities.Ordered;

    public string Scheme => "fifo";

    public IReadOnlyList<string> Options { get; } = [.. PlaceMode.Options, "writers"];

    public string Remedy => "Use two FIFOs, such as fifo://a,b, for two directions, or choose another address.";

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

    /// <summary>Returns a connection that writes into a FIFO, which other processes may write to as well.</summary>
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
                address.ToString(),
                $"option 'writers' cannot be '{other}': write 1, for messages of any length, or many, the default"),
        };

    private static PipeConnection ConnectToReader(Address address, EndpointSettings settings)
    {
        using FifoFile file = FifoFile.Find(address, address.Place);
        Descriptor writer =
            file.TryOpenToWrite(address)
            ?? throw new FairleadException(
                ErrorCode.NotFound, "no receiver reads there", "Start a receiver, or wait for one with ?wait=5s.")
            {
                Address = address,
                Errno = (int)Errno.ENXIO,
            };
        try
        {
            return WriterOf(writer, address, settings, file.Peer);
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    private static PipeConnection ConnectToWriter(Address address, EndpointSettings settings)
    {
        using FifoFile file = FifoFile.Find(address, address.Place);
        Descriptor reader =
            file.TryOpenToReadAlone(address)
            ?? throw new FairleadException(
                ErrorCode.Full,
                "another process already reads there",
                $"A FIFO has one reader. Find it with fuser -v {FifoFile.PathOf(address, address.Place)}")
            {
                Address = address,
            };
        try
        {
            if (FifoHolders.Find(file.Identity, address) is null && !HasWriter(file, reader))
            {
                // A writer that opens it from now on must not find itself without a reader before the next attempt.
                settings.Attempts?.Keep(NativeFile.Reopen(file.Place, OpenFlags.ReadOnly, out _));
                throw new FairleadException(
                    ErrorCode.NotFound,
                    "no sender writes there",
                    "Start a sender, wait for one with ?wait=5s, or bind instead, which lets senders come and go.")
                {
                    Address = address,
                };
            }

            if (settings.Reconnect != TimeSpan.Zero)
            {
                // A writer that comes between the last one's end and the next attempt must not find itself without a reader, either.
                settings.Attempts?.Keep(NativeFile.Reopen(file.Place, OpenFlags.ReadOnly, out _));
            }

            return new PipeConnection(reader, null, settings.Framing, Simplex, file.Peer);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Returns whether a process has it open for writing, or has left data in it.</summary>
    /// <remarks>
    /// Finds out by opening and closing a writer itself. If that was the last one, the reader sees the end.
    /// </remarks>
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
