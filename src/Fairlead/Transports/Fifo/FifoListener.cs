using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>A bound FIFO. It accepts one connection at a time, however many processes use the other end.</summary>
/// <remarks>
/// Between two connections it is armed: it watches for the next peer, with a descriptor or a thread. If that fails, it stays unarmed:
/// the next <see cref="TryAccept"/> throws the error, and the one after that arms it again. All fields are under the gate.
/// </remarks>
internal abstract class FifoListener(Address address, FifoFile file) : IListener
{
    private readonly RankedLock _gate = new(LockRank.FifoPlace);
    private FairleadException? _failure;
    private bool _isArmed;

    public Address Address => address;

    public FileIdentity File => file.MadeFile;

    public abstract Descriptor WaitDescriptor { get; }

    protected FifoFile Fifo => file;

    protected RankedLock Gate => _gate;

    /// <summary>Wakes the thread that accepts.</summary>
    protected EventDescriptor Ready { get; } = new();

    /// <summary>Whether the listener is disposed. Under the gate.</summary>
    protected bool IsDisposed { get; private set; }

    public Connection? TryAccept()
    {
        using (_gate.Hold())
        {
            if (IsDisposed)
            {
                return null;
            }

            Ready.Drain();
            try
            {
                if (_failure is { } failure)
                {
                    _failure = null;
                    throw failure;
                }

                if (!_isArmed)
                {
                    Arm();
                }

                return Take();
            }
            catch
            {
                // The caller tries again later.
                Ready.Signal();
                throw;
            }
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

        // Before the rest: ending the wait of a thread takes a descriptor, and there may be no other.
        Ready.Dispose();
        Release();
        file.Dispose();
    }

    /// <inheritdoc/>
    public void OnListed() => file.OnListed();

    /// <summary>Arms a new listener for its first connection.</summary>
    /// <exception cref="FairleadException">That is not possible. The listener has been disposed.</exception>
    protected static T Armed<T>(T listener)
        where T : FifoListener
    {
        try
        {
            using (listener._gate.Hold())
            {
                listener.Arm();
            }

            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Returns the connection if it is time for one. Under the gate. After an exception it can be called again.</summary>
    protected abstract Connection? Take();

    /// <summary>The transport's part of <see cref="Arm"/>. Under the gate. After an exception it can be called again.</summary>
    protected abstract void Rearm();

    /// <summary>Closes the descriptors of the listener. Called once.</summary>
    protected abstract void Release();

    /// <summary>Watches for the next peer. Under the gate. After an exception the listener is unarmed.</summary>
    protected void Arm()
    {
        _isArmed = false;
        Rearm();
        _isArmed = true;
    }

    /// <summary>Notes that the listener does not watch for a peer any more. Under the gate.</summary>
    protected void Fail(FairleadException why)
    {
        _failure = why;
        _isArmed = false;
        Ready.Signal();
    }

    /// <summary>Called by the connection when it has closed its descriptors.</summary>
    protected void OnClosed()
    {
        using (_gate.Hold())
        {
            if (IsDisposed)
            {
                return;
            }

            try
            {
                Arm();
            }
            catch (FairleadException failure)
            {
                // It is not the closed connection's: the thread that accepts reports it.
                Fail(failure);
            }
        }
    }
}
