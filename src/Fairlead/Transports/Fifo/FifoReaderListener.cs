using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>A FIFO for reading: there is a connection to accept immediately, and it lasts while writers come and go.</summary>
internal sealed class FifoReaderListener : FifoListener
{
    private readonly EndpointSettings _settings;

    // Open as long as the listener. It holds the reader lock, and between two connections no writer sees a FIFO without a reader.
    private readonly Descriptor _reader;
    private bool _isFree;

    private FifoReaderListener(Address address, FifoFile file, Descriptor reader, EndpointSettings settings)
        : base(address, file)
    {
        _reader = reader;
        _settings = settings;
    }

    public override Descriptor WaitDescriptor => Ready.Descriptor;

    public static FifoReaderListener Bind(Address address, EndpointSettings settings)
    {
        FifoFile file = FifoFile.Make(address, address.Place);
        Descriptor? reader = null;
        try
        {
            reader = file.TryOpenToReadAlone(address) ?? throw file.HeldByReader(address);
            return Armed(new FifoReaderListener(address, file, reader, settings));
        }
        catch
        {
            reader?.Dispose();
            file.Dispose();
            throw;
        }
    }

    protected override Connection? Take()
    {
        if (!_isFree)
        {
            return null;
        }

        Descriptor source = Fifo.OpenToRead(Address);
        try
        {
            PipeConnection connection = new(source, null, _settings.Framing, FifoTransport.Simplex, Fifo.Peer)
            {
                OutlivesWriters = true,
                OnClosed = OnClosed,
            };
            _isFree = false;
            return connection;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    protected override void Rearm()
    {
        _isFree = true;
        Ready.Signal();
    }

    protected override void Release() => _reader.Dispose();
}
