using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>A bound FIFO. It yields one connection, however many are at the other end, and the next when that one has ended.</summary>
internal abstract class FifoListener(Address address, FifoFile file) : IListener
{
    private readonly Lock _gate = new();

    public Address Address => address;

    public FileIdentity File => file.MadeFile;

    public abstract Descriptor WaitDescriptor { get; }

    protected FifoFile Fifo => file;

    protected Lock Gate => _gate;

    /// <summary>Under the gate.</summary>
    protected bool IsDisposed { get; private set; }

    public Connection? TryAccept()
    {
        lock (_gate)
        {
            return IsDisposed ? null : Take();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (IsDisposed)
            {
                return;
            }

            IsDisposed = true;
        }

        // The name goes first, so that nobody new comes.
        file.Remove();
        Release();
        file.Dispose();
    }

    /// <summary>The connection, if it is time for one. Under the gate.</summary>
    protected abstract Connection? Take();

    /// <summary>The connection that was taken has ended.</summary>
    protected abstract void Rearm();

    /// <summary>Gives back what the listener has open. Once.</summary>
    protected abstract void Release();

    /// <summary>By the connection, when it has closed its descriptors.</summary>
    protected void OnClosed()
    {
        lock (_gate)
        {
            if (!IsDisposed)
            {
                Rearm();
            }
        }
    }
}
