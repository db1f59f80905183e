using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A lock of any kind in this process: its location, and the references to its memory.</summary>
internal abstract unsafe class LockCore
{
    // All locks that are open or have an owner here. The owner thread's robust list leads through their memory, which must therefore not
    // go away with an unreachable object.
    private static readonly HashSet<LockCore> Open = [];
    private static readonly RankedLock OpenGate = new(LockRank.OpenLocks);

    private bool _isClosed;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="form">The header of the lock.</param>
    /// <param name="options">The requested options.</param>
    /// <param name="text">Describes options in words.</param>
    protected LockCore(LockPlace place, LockHeader form, uint options, Func<uint, string> text)
    {
        Place = place;
        try
        {
            place.Settle(form, options, text);
        }
        catch
        {
            place.Dispose();
            throw;
        }

        using (OpenGate.Hold())
        {
            Open.Add(this);
        }
    }

    public string Description => Place.Description;

    /// <summary>The same for all users of the lock, if that can be told: its name, or its offset in a region.</summary>
    public string Identity => Place.Identity;

    public ulong ParticipantId => Place.ParticipantId;

    /// <summary>The memory of the lock. Only a caller that is inside or holds a reference to the memory may touch it.</summary>
    protected LockPlace Place { get; }

    /// <summary>Whether the object rejects new calls; calls that have begun continue.</summary>
    protected bool IsClosed
    {
        get => Volatile.Read(ref _isClosed);
        set => Volatile.Write(ref _isClosed, value);
    }

    /// <summary>Takes a reference to the memory. <see cref="RemoveReference"/> releases it.</summary>
    /// <exception cref="ObjectDisposedException">It has been disposed.</exception>
    public void AddReference()
    {
        if (IsClosed)
        {
            throw Disposed();
        }

        KeepMemory();
    }

    public void RemoveReference() => Place.Mapping.DangerousRelease();

    /// <summary>Closes the lock in this process. The memory stays while a caller holds a reference.</summary>
    public abstract void Close();

    /// <summary>Returns the owners and waiters.</summary>
    public LockSnapshot Snapshot()
    {
        AddReference();
        try
        {
            return SnapshotOf(Place.Start);
        }
        finally
        {
            RemoveReference();
        }
    }

    /// <summary>Reports a scope that became unreachable without being disposed.</summary>
    public void ReportLost() => FairleadEventSource.Log.ScopeLost(Description);

    public void Verify() => Place.Verify();

    /// <summary>Writes down the new owner of a word or a slot.</summary>
    /// <param name="standing">The owner info beside the word.</param>
    /// <param name="keeper">The owner thread that owns the word.</param>
    /// <param name="thread">The kernel's ID of the thread; 0: none.</param>
    public void SignIn(ref OwnerInfo standing, RobustKeeper keeper, int thread)
    {
        standing.ParticipantId = Place.ParticipantId;
        standing.Thread = thread;
        standing.Since = Clock.Nanoseconds();
        standing.Process = Place.Process;
        Volatile.Write(ref standing.Keeper, keeper.Id);
    }

    /// <summary>Reads the owners and waiters. The caller holds a reference to the memory.</summary>
    protected abstract LockSnapshot SnapshotOf(byte* start);

    /// <summary>Takes one more reference, for a caller that already holds one. Also works after closing.</summary>
    protected void KeepMemory()
    {
        bool isHeld = false;
        Place.Mapping.DangerousAddRef(ref isHeld);
    }

    /// <summary>Marks the lock as closed, for kinds that need no further agreement.</summary>
    /// <returns>False if it was closed before.</returns>
    protected bool TryClose() => !Interlocked.Exchange(ref _isClosed, true);

    /// <summary>Disposes the place: the lock is closed, and no caller has entered it through this object.</summary>
    protected void End()
    {
        using (OpenGate.Hold())
        {
            Open.Remove(this);
        }

        Place.Dispose();
    }

    /// <summary>Creates the error for calls on a closed object.</summary>
    protected ObjectDisposedException Disposed() => new(Description);
}
