using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>
/// A FIFO that is written to here. It must not be open for reading at this end too, lest what is written before a reader comes is lost with
/// this process; and the kernel tells of a reader only to who waits in <c>open</c>. So a thread waits there while nobody reads.
/// </summary>
internal sealed class FifoWriterListener : FifoListener
{
    private readonly EndpointSettings _settings;
    private readonly EventDescriptor _ready = new();
    private Thread? _waiter;
    private Descriptor? _writer;

    private FifoWriterListener(Address address, FifoFile file, EndpointSettings settings)
        : base(address, file)
    {
        _settings = settings;
        Rearm();
    }

    public override Descriptor WaitDescriptor => _ready.Descriptor;

    public static FifoWriterListener Bind(Address address, EndpointSettings settings) =>
        new(address, FifoFile.Make(address, address.Place), settings);

    protected override Connection? Take()
    {
        _ready.Drain();
        Descriptor? writer = _writer;
        _writer = null;
        return writer is null ? null : FifoTransport.WriterOf(writer, Address, _settings, Fifo.Peer, OnClosed);
    }

    protected override void Rearm() => _waiter = BackgroundThread.Start("Fairlead FIFO", WaitForReader);

    protected override void Release()
    {
        // Whoever opens it for reading ends the wait; that is done here, now that the file has no name and nobody else can be misled. Where
        // it still has one, it was there before.
        using (Descriptor? reader = NativeFile.Reopen(Fifo.Place, OpenFlags.ReadOnly, out _))
        {
            if (reader is not null)
            {
                _waiter?.Join();
            }
        }

        _writer?.Dispose();
        _ready.Dispose();
    }

    private void WaitForReader()
    {
        while (true)
        {
            using Descriptor? woken = NativeFile.Reopen(Fifo.Place, OpenFlags.WriteOnly | OpenFlags.Blocking, out Errno error);
            using (Gate.Hold())
            {
                if (IsDisposed || woken is null)
                {
                    return;
                }

                // The reader may have left again.
                _writer = NativeFile.Reopen(Fifo.Place, OpenFlags.WriteOnly, out error);
                if (_writer is not null)
                {
                    _ready.Signal();
                    return;
                }
            }
        }
    }
}
