using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Fairlead.Native;

/// <summary>
/// A lock that costs next to nothing for a thread that is alone with it for a while: after some hundred times in a row it is that thread's
/// own, and entering it is a store and a load. Another thread that wants it takes it back first, which costs some microseconds. May be
/// entered again by who is inside.
/// </summary>
/// <remarks>
/// <para>
/// An owner who is busy with it finds that it is wanted when he leaves, and gives it back. One who is elsewhere has it taken from him: the
/// owner says that he is inside, then looks whether the lock is still his own. Who takes it back says so, then looks whether the owner is
/// inside. Between the two steps the owner has no fence; who takes back makes up for it by a barrier in all threads of the process. So one
/// of the two sees the other: the owner finds the lock lost and goes the ordinary way, or who takes it back waits until the owner is out.
/// (The kernel serializes such barriers of all processes, so that one may take long on a machine that is overloaded: they are the
/// exception.) What is waited for is short: no lock of this kind is held while a thread sleeps.
/// </para>
/// <para>
/// Whether an owner is inside stands in an object that is made each time somebody becomes the owner. So one who was interrupted between
/// finding the lock his own and saying that he is inside, and goes on when the lock has long been another's, says so of an ownership that
/// is over, and not in the other's name. All of this is checked in models/lock.pml.
/// </para>
/// <para>A structure, so that the <c>lock</c> statement refuses it: <c>using (gate.Hold())</c>.</para>
/// </remarks>
internal struct BiasedLock
{
    private const int FirstRun = 256;
    private const int LongestRun = 4096;

    /// <summary>Some microseconds.</summary>
    private const int Looks = 100;

    private readonly LockRank _rank;
    private readonly Lock _lock = new();

    // All under the lock, but read by all, and given back by the owner when it is wanted.
    private Ownership? _owner;

    // The rest under the lock.
    private Ownership? _takenBack;
    private bool _isWanted;
    private int _last;
    private int _run;
    private int _wanted = FirstRun;

    public BiasedLock(LockRank rank) => _rank = rank;

    /// <summary>Enters; disposing what is returned leaves.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Hold() => Hold(NativeThread.ManagedId);

    /// <summary>The same for a caller who has asked already which thread he is: that costs more than an uncontended entry.</summary>
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

        // No fence here: its counterpart is the barrier in TakeBack.
        if (Volatile.Read(ref _owner) == own)
        {
            return true;
        }

        Volatile.Write(ref own.Depth, 0);
        return false;
    }

    /// <summary>
    /// An ownership where it is entered as this thread's own after all: it is being taken back while this thread is inside.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Ownership? EnterOther(int me)
    {
        // Whoever takes it back does nothing else until this thread is out.
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
        // An owner who is busy with it gives it back himself, soon.
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

        // Acquire: what the owner did inside is seen. Its release is in Leave.
        SpinWait wait = default;
        while (Volatile.Read(ref owner.Depth) != 0)
        {
            // Sleeps, too, where it takes long: the owner may stand inside without a processor, and with less of a priority than this
            // thread.
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
                // Before it is left: who sees this sees that it was entered, too. Nobody else can own it by now: who takes it back waits
                // for this thread.
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
            Volatile.Write(ref _owner, new Ownership(_last));
            _run = 0;
        }

        _lock.Exit();
    }

    /// <summary>The time inside.</summary>
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

    /// <summary>The time for which the lock is one thread's own. But for its making written by that thread alone.</summary>
    internal sealed class Ownership(int thread)
    {
        public readonly int Thread = thread;

        /// <summary>How many times the owner is inside. The others ask only whether it is zero.</summary>
        public int Depth;
    }
}
