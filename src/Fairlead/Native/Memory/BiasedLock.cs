using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fairlead.Native.Waiting;

namespace Fairlead.Native.Memory;

/// <summary>
/// A lock that costs next to nothing for a thread that uses it alone for a while. After some hundred entries in a row the lock is biased to
/// that thread, and entering it is a store and a load. Another thread revokes the bias first, which costs some microseconds. Reentrant.
/// </summary>
/// <remarks>
/// <para>
/// A busy owner finds on leaving that another thread wants the lock, and gives up the bias. From an idle owner the other thread revokes it.
/// The owner announces that it is inside, and then checks that it still owns the bias. The revoker announces the revocation, and then
/// checks whether the owner is inside. The owner has no fence between its two steps; the revoker compensates by a barrier in all threads of
/// the process. So one of the two sees the other: the owner finds the bias lost and takes the ordinary path, or the revoker waits until the
/// owner is out. (The kernel serializes such barriers of all processes, and one may take long on an overloaded machine: they are the
/// exception.) The wait is short: no thread sleeps while it holds a lock of this kind.
/// </para>
/// <para>
/// A new object for each ownership records whether the owner is inside. An owner may be interrupted between finding the lock its own and
/// announcing that it is inside, and continue long after the lock has a new owner. It then marks the object of its old ownership, and not
/// that of the new owner. models/lock.pml checks all of this.
/// </para>
/// <para>A structure: the <c>lock</c> statement rejects it. Use <c>using (gate.Hold())</c>.</para>
/// </remarks>
internal struct BiasedLock
{
    private const int FirstRun = 256;
    private const int LongestRun = 4096;

    /// <summary>How often to poll before revoking: some microseconds.</summary>
    private const int Looks = 100;

    private readonly LockRank _rank;
    private readonly Lock _lock = new();

    // Changed under the lock, but read by all threads, and cleared by the owner when another thread wants the lock.
    private Ownership? _owner;

    // The following fields are changed under the lock.
    private Ownership? _takenBack;
    private bool _isWanted;
    private int _last;
    private int _run;
    private int _wanted = FirstRun;

    public BiasedLock(LockRank rank) => _rank = rank;

    /// <summary>Enters; disposing the result leaves.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Hold() => Hold(NativeThread.ManagedId);

    /// <summary>
    /// Same, for a caller that already knows its managed thread ID: looking that up costs more than an uncontended entry.
    /// </summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Hold(int me)
    {
        LockOrder.Entering(_lock, _rank);
        Ownership? own = Volatile.Read(ref _owner);
        if (own is not null && own.Thread == me && TryEnterOwn(own))
        {
            return new Scope(ref this, own);
        }

        return new Scope(ref this, EnterOther(me));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEnterOwn(Ownership own)
    {
        if (own.Depth > 0)
        {
            own.Depth++;
            return true;
        }

        Volatile.Write(ref own.Depth, 1);

        // No fence here: it pairs with the barrier in TakeBack.
        if (Volatile.Read(ref _owner) == own)
        {
            return true;
        }

        Volatile.Write(ref own.Depth, 0);
        return false;
    }

    /// <summary>
    /// Enters without the bias. Returns an ownership if this thread is inside by its bias, which another thread is revoking.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Ownership? EnterOther(int me)
    {
        // The revoker does nothing else until this thread is out.
        if (Volatile.Read(ref _takenBack) is { Depth: > 0 } own && own.Thread == me)
        {
            own.Depth++;
            return own;
        }

        _lock.Enter();
        if (_owner is { } owner && owner.Thread != me)
        {
            TakeBack(owner);
        }

        if (_last != me)
        {
            _last = me;
            _run = 0;
        }

        _run++;
        return null;
    }

    private void TakeBack(Ownership owner)
    {
        // A busy owner will give up the bias itself soon.
        Volatile.Write(ref _takenBack, owner);
        Volatile.Write(ref _isWanted, true);
        for (int i = 0; i < Looks && Volatile.Read(ref _owner) is not null; i++)
        {
            Processor.Pause();
        }

        if (Volatile.Read(ref _owner) is not null)
        {
            Volatile.Write(ref _owner, null);
            Interlocked.MemoryBarrierProcessWide();
        }

        // Acquire: this thread sees what the owner did inside. Leave releases it.
        SpinWait wait = default;
        while (Volatile.Read(ref owner.Depth) != 0)
        {
            // Sleeps too if it takes long: the owner may be inside without a processor, and with a lower priority than this thread.
            wait.SpinOnce();
        }

        _takenBack = null;
        _isWanted = false;
        _wanted = Math.Min(2 * _wanted, LongestRun);
        _last = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Leave(Ownership? own)
    {
        if (own is null)
        {
            LeaveOther();
        }
        else if (own.Depth > 1)
        {
            own.Depth--;
        }
        else
        {
            if (Volatile.Read(ref _isWanted))
            {
                // Before leaving: a thread that sees this also sees that the lock was entered. No other thread can own it by now: the
                // revoker waits for this thread.
                Volatile.Write(ref _owner, null);
            }

            // Release: see TakeBack.
            Volatile.Write(ref own.Depth, 0);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LeaveOther()
    {
        if (_run >= _wanted)
        {
            _run = 0;
            try
            {
                Volatile.Write(ref _owner, new Ownership(_last));
            }
            catch (OutOfMemoryException)
            {
                // The lock works without a bias, and must be released.
            }
        }

        _lock.Exit();
    }

    /// <summary>One entry into the lock.</summary>
    public readonly ref struct Scope
    {
        private readonly ref BiasedLock _held;
        private readonly Ownership? _own;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Scope(ref BiasedLock held, Ownership? own)
        {
            _held = ref held;
            _own = own;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            _held.Leave(_own);
            LockOrder.Left(_held._lock);
        }
    }

    /// <summary>The period in which the lock is biased to one thread. After its creation, only that thread writes it.</summary>
    internal sealed class Ownership(int thread)
    {
        public readonly int Thread = thread;

        /// <summary>How many times the owner is inside. Other threads only check whether it is zero.</summary>
        public int Depth;
    }
}
