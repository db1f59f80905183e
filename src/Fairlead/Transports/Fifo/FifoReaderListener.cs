using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>A FIFO for reading: there is a connection to accept at once, and it lasts while writers come and go.</summary>
internal sealed class FifoReaderListener : FifoListener
{
    private readonly EndpointSettings _settings;
    private readonly EventDescriptor _ready = new();

    // Open as long as the listener. It holds the reader lock, and between two connections no writer sees a FIFO without a reader.
    private readonly Descriptor _reader;

    private FifoReaderListener(Address address, FifoFile file, Descriptor reader, EndpointSettings settings)
        : base(address, file)
    {
        _reader = reader;
        _settings = settings;
        _ready.Signal();
    }

    public override Descriptor WaitDescriptor => _ready.Descriptor;

    public static FifoReaderListener Bind(Address address, EndpointSettings settings)
    {
        FifoFile file = FifoFile.Make(address, address.Place);
        Descriptor? reader = null;
        try
        {
            reader =
                file.TryOpenToReadAlone(address)
                ?? throw TakenPlace.Held(null, $"fuser -v {FifoFile.PathOf(address, address.Place)}", address);
            return new FifoReaderListener(address, file, reader, settings);
        }
        catch
        {
            reader?.Dispose();
            file.Dispose();
            throw;
        }
    }

    protected override Connection? Take() =>
        _ready.Drain()
            ? new PipeConnection(Fifo.OpenToRead(Address), null, _settings.Framing, FifoTransport.Simplex, Fifo.Peer)
            {
                OutlivesWriters = true,
                OnClosed = OnClosed,
            }
            : null;

    protected override void Rearm() => _ready.Signal();

    protected override void Release()
    {
        _reader.Dispose();
        _ready.Dispose();
    }
}
