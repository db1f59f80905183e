using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;

namespace Fairlead.Transports.Fifo;

/// <summary>A FIFO for writing.</summary>
/// <remarks>
/// This end must not open it for reading, too: data written before a reader comes would then be lost with this process. The kernel reports
/// a reader only to a thread blocked in <c>open</c>. Therefore a thread waits there until there is a reader.
/// </remarks>
internal sealed class FifoWriterListener : FifoListener
{
    private readonly EndpointSettings _settings;
    private Thread? _waiter;
    private Descriptor? _writer;

    private FifoWriterListener(Address address, FifoFile file, EndpointSettings settings)
        : base(address, file) => _settings = settings;

    public override Descriptor WaitDescriptor => Ready.Descriptor;

    public static FifoWriterListener Bind(Address address, EndpointSettings settings)
    {
        FifoFile file = FifoFile.Make(address, address.Place);
        FifoWriterListener listener;
        try
        {
            listener = new FifoWriterListener(address, file, settings);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return Armed(listener);
    }

    protected override Connection? Take()
    {
        if (_writer is not { } writer)
        {
            return null;
        }

        PipeConnection connection = FifoTransport.WriterOf(writer, Address, _settings, Fifo.Peer, OnClosed);
        _writer = null;
        return connection;
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
    }

    private void WaitForReader()
    {
        while (true)
        {
            Descriptor? woken = NativeFile.Reopen(Fifo.Place, OpenFlags.WriteOnly | OpenFlags.Blocking, out Errno error);
            try
            {
                using (Gate.Hold())
                {
                    if (IsDisposed)
                    {
                        return;
                    }

                    // Not opened a second time: at the limit of descriptors, the reader would be woken for nothing, and read the end.
                    error = woken is null ? error : NativePipe.SetNonBlocking(woken);
                    if (woken is null || error != Errno.None)
                    {
                        Fail(ErrnoMap.Failure("cannot wait for a reader", error).At(Address));
                        return;
                    }

                    // Otherwise the reader has left again.
                    if ((BlockingWait.Wait(woken, PollEvents.Write, TimeSpan.Zero) & PollEvents.Error) == 0)
                    {
                        (_writer, woken) = (woken, null);
                        Ready.Signal();
                        return;
                    }
                }
            }
            finally
            {
                woken?.Dispose();
            }
        }
    }
}
