using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>A bound FIFO. It accepts one connection at a time, however many processes use the other end.</summary>
internal abstract class FifoListener(Address address, FifoFile file) : IListener
{
    private readonly RankedLock _gate = new(LockRank.FifoPlace);

    public Address Address => address;

    public FileIdentity File => file.MadeFile;

    public abstract Descriptor WaitDescriptor { get; }

    protected FifoFile Fifo => file;

    protected RankedLock Gate => _gate;

    /// <summary>Whether the listener is disposed. Under the gate.</summary>
    protected bool IsDisposed { get; private set; }

    public Connection? TryAccept()
    {
        using (_gate.Hold())
        {
            return IsDisposed ? null : Take();
        }
    }

    public void Dispose()
    {
        using (_gate.Hold())
        {
            if (IsDisposed)
            {
                return;
            }

            IsDisposed = true;
        }

        // Remove the name first, which prevents new connections.
        file.Remove();
        Release();
        file.Dispose();
    }

    /// <summary>Returns the connection if it is time for one. Under the gate.</summary>
    protected abstract Connection? Take();

    /// <summary>Prepares for the next connection, because the last one has ended.</summary>
    protected abstract void Rearm();

    /// <summary>Closes the descriptors of the listener. Called once.</summary>
    protected abstract void Release();

    /// <summary>Called by the connection when it has closed its descriptors.</summary>
    protected void OnClosed()
    {
        using (_gate.Hold())
        {
            if (!IsDisposed)
            {
                Rearm();
            }
        }
    }
}
