using System.Runtime.CompilerServices;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>A mutex in this process: the words in shared memory, and the entry of this process.</summary>
internal sealed unsafe class MutexCore : LockCore
{
    public const uint RecursiveOption = 1;

    private readonly MutexWords _words;
    private readonly RobustKeeper _keeper;

    // Guarded by the mutex itself: a caller takes it after entering, and returns it before leaving.
    private MutexHold? _spare;

    // The blocking thread inside a recursive mutex, and its entry. Written by the owner.
    private volatile int _insideThread;
    private WeakReference<MutexHold>? _inside;

    // Changed inside the owner thread's gate, as IsClosed is: the closing caller and an entering or leaving one agree on who releases the
    // memory.
    private bool _isInside;
    private bool _keepsReference;

    /// <param name="place">The location of the lock; this object takes ownership.</param>
    /// <param name="options">The requested options.</param>
    public MutexCore(LockPlace place, uint options)
        : base(place, new MutexWords(place.Start).Header, options, Text)
    {
        _words = new MutexWords(place.Start);
        IsRecursive = (options & RecursiveOption) != 0;
        try
        {
            _keeper = RobustKeeper.Reserve();
        }
        catch
        {
            End();
            throw;
        }
    }

    public bool IsRecursive { get; }

    public bool DetectsDeadlock { get; init; }

    /// <summary>The words in shared memory. The caller must be inside, or hold a reference to the memory.</summary>
    public MutexWords Words => _words;

    /// <summary>The number of entries.</summary>
    public ulong Entries
    {
        get
        {
            AddReference();
            try
            {
                return _words.Entries;
            }
            finally
            {
                RemoveReference();
            }
        }
    }

    /// <summary>Checks for a deadlock, for a thread in the wait queue.</summary>
    /// <exception cref="FairleadException">Deadlock: the thread waits in a cycle.</exception>
    public void ThrowIfDeadlock(int thread)
    {
        // Makes this thread's writes visible to every check from now on. If several threads close a cycle at the same time, at least one of
        // them sees it.
        Interlocked.MemoryBarrier();
        if (WaitCycle.Of((ParticipantId, thread)) is { } cycle)
        {
            throw new FairleadException(
                ErrorCode.Deadlock,
                $"{Description} cannot be entered without a deadlock: {cycle}",
                "Enter locks in the same order everywhere, or leave one before you wait for the other.")
            {
                Peer = cycle.Steps[0].Holder.Describe().Peer,
            };
        }
    }

    /// <summary>Marks the guarded data consistent, if the entry is still inside.</summary>
    public bool TryMarkConsistent(MutexHold hold, long entry)
    {
        using (_keeper.Hold())
        {
            bool isInside = hold.IsInside(entry);
            if (isInside)
            {
                _words.IsInDoubt = false;
            }

            return isInside;
        }
    }

    /// <summary>Leaves in the place of a thread that ended inside: the next owner finds the guarded data in doubt.</summary>
    public void Abandon(MutexHold hold, long entry)
    {
        using (_keeper.Hold())
        {
            if (hold.IsInside(entry))
            {
                _words.IsInDoubt = true;
            }
        }

        Leave(hold, entry);
    }

    /// <summary>Enters if the mutex is free and has no waiter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnterIdle(int thread, out Stay stay)
    {
        RobustKeeper keeper = _keeper;
        using (keeper.Hold())
        {
            if (IsClosed || !_words.TryTakeIdle(keeper))
            {
                stay = default;
                return false;
            }

            _isInside = true;
        }

        stay = Begin(thread);
        return true;
    }

    /// <summary>Enters again if the calling thread is inside a recursive mutex.</summary>
    public bool TryEnterAgain(int thread, out Stay stay)
    {
        if (IsRecursive && _insideThread == thread && _inside!.TryGetTarget(out MutexHold? hold))
        {
            stay = hold.Again();
            return true;
        }

        stay = default;
        return false;
    }

    /// <summary>Takes a mutex that was found free or left by a dead owner. Called on the first waiter.</summary>
    /// <param name="found">The word as it was found.</param>
    /// <param name="thread">The entering thread; 0 for an asynchronous caller.</param>
    /// <param name="away">The entry that continues; null for a new one.</param>
    /// <param name="stay">The entry, if it was taken.</param>
    public bool TryTake(uint found, int thread, MutexHold? away, out Stay stay)
    {
        using (_keeper.Hold())
        {
            if (!_keeper.TryTake(_words.WordPlace, found))
            {
                stay = default;
                return false;
            }

            _isInside = true;
            _keepsReference = IsClosed;
        }

        if (new LockWord(found).HasDied)
        {
            // If this process dies before the second line, the kernel marks the word again. The order matters: a thread of the dead process
            // might still clear the flag.
            EndedProcess.Outlast();
            _words.IsInDoubt = true;
        }

        stay = Begin(thread, away);
        return true;
    }

    /// <summary>Leaves, unless the entry has ended.</summary>
    public void Leave(MutexHold hold, long entry)
    {
        bool isClosed;
        bool keepsReference;
        using (_keeper.Hold())
        {
            if (!hold.TryEnd(entry))
            {
                return;
            }

            _spare = hold;
            LeaveWords(out isClosed, out keepsReference);
        }

        AfterLeaving(isClosed, keepsReference);
    }

    /// <summary>Leaves for a while with all recursive entries; <see cref="TryTake"/> continues the entry.</summary>
    /// <returns>False if the entry has ended.</returns>
    public bool TryStepOut(MutexHold hold, long entry)
    {
        bool isClosed;
        bool keepsReference;
        using (_keeper.Hold())
        {
            if (!hold.TryStepOut(entry))
            {
                return false;
            }

            LeaveWords(out isClosed, out keepsReference);
        }

        AfterLeaving(isClosed, keepsReference);
        return true;
    }

    /// <summary>
    /// Whether the caller entered after the mutex was closed here, and so keeps the reference to the memory from its wait.
    /// </summary>
    public bool KeepsReference() => _keepsReference;

    /// <summary>Rejects new calls; present waiters continue. The memory stays while any of them needs it.</summary>
    public override void Close()
    {
        bool isInside;
        using (_keeper.Hold())
        {
            if (IsClosed)
            {
                return;
            }

            IsClosed = true;
            isInside = _isInside;
        }

        _keeper.Free();
        if (!isInside)
        {
            End();
        }
    }

    protected override LockSnapshot SnapshotOf(byte* start) => LockSnapshot.OfMutex(new ReadOnlySpan<byte>(start, MutexLayout.Size));

    /// <summary>Records an entry, in an order in which other processes may read it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Stay Begin(int thread, MutexHold? away = null)
    {
        ref OwnerInfo owner = ref _words.Owner;
        owner.ParticipantId = Place.ParticipantId;
        owner.Process = Place.Process;
        owner.Since = Clock.Nanoseconds();
        owner.Keeper = _keeper.Id;
        owner.Thread = thread;
        _words.Count();
        MutexHold hold = away ?? _spare ?? new MutexHold(this);
        _spare = null;
        if (IsRecursive)
        {
            _inside = hold.Weak;
            _insideThread = thread;
        }

        return away is null ? hold.Begin(_words.IsInDoubt) : hold.StepIn(_words.IsInDoubt);
    }

    // Inside the owner thread's gate.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void LeaveWords(out bool isClosed, out bool keepsReference)
    {
        _insideThread = 0;
        _words.Owner.Thread = 0;
        _isInside = false;
        isClosed = IsClosed;

        // Read before leaving: the next owner in this process sets it for itself.
        keepsReference = _keepsReference;
        _words.Leave(_keeper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AfterLeaving(bool isClosed, bool keepsReference)
    {
        if (keepsReference)
        {
            RemoveReference();
        }

        if (isClosed)
        {
            End();
        }
    }

    private static string Text(uint options) => (options & RecursiveOption) != 0 ? "recursive" : "not recursive";
}
