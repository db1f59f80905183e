using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>A bound FIFO. It yields one connection, however many are at the other end, and the next when that one has ended.</summary>
internal abstract class FifoListener(Address address, FifoFile file) : IListener
{
    private readonly RankedLock _gate = new(LockRank.FifoPlace);

    public Address Address => address;

    public FileIdentity File => file.MadeFile;

    public abstract Descriptor WaitDescriptor { get; }

    protected FifoFile Fifo => file;

    protected RankedLock Gate => _gate;

    /// <summary>Under the gate.</summary>
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
        using (_gate.Hold())
        {
            if (!IsDisposed)
            {
                Rearm();
            }
        }
    }
}
