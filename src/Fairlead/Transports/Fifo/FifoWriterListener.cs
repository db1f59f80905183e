using Fairlead.Native;

namespace Fairlead.Transports.Fifo;

/// <summary>A FIFO for writing.</summary>
/// <remarks>
/// This end must not open it for reading, too: data written before a reader comes would then be lost with this process. The kernel reports
/// a reader only to a thread blocked in <c>open</c>. Therefore a thread waits there until there is a reader.
/// </remarks>
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
        // Any opening for reading ends the wait. Do that here, now that the file has no name and cannot mislead another process. If it
        // still has a name, it existed before.
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
