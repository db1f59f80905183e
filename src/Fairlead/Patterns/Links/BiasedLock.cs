using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// A lock that costs next to nothing for a thread that is alone with it for a while: after some hundred times in a row it is that thread's own, and entering it is a store and a load.
/// Another thread that wants it takes it back first, which costs some microseconds. May be entered again by who is inside.
/// </summary>
/// <remarks>
/// <para>An owner who is busy with it finds that it is wanted when he leaves, and gives it back. One who is elsewhere has it taken from him: the owner says that it is inside, then looks whether the lock is still its own. Who takes it back says so, then looks whether the owner is inside. Between the two steps the owner has no fence; who takes
/// back makes up for it by a barrier in all threads of the process. So one of the two sees the other: the owner finds the lock lost and goes the ordinary way, or who takes it back waits until
/// the owner is out. (The kernel serializes such barriers of all processes, so that one may take long on a machine that is overloaded: they are the exception.) What is waited for is short: no lock of this kind is held while a thread sleeps.</para>
/// <para>A structure, so that the <c>lock</c> statement refuses it: <c>using (gate.Hold())</c>.</para>
/// </remarks>
internal struct BiasedLock
{
    private const int FirstRun = 256;
    private const int LongestRun = 4096;

    /// <summary>Some microseconds.</summary>
    private const int Looks = 100;

    private readonly Lock _lock = new();

    // Both written by the owner alone, but for its first value.
    private int _inside;
    private int _depth;

    // The rest under the lock, but the owner is read by all, and taken back by itself when it is wanted.
    private int _owner;
    private bool _isWanted;
    private int _last;
    private int _run;
    private int _wanted = FirstRun;

    public BiasedLock()
    {
    }

    /// <summary>Enters; disposing what is returned leaves.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Hold()
    {
        int me = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _owner) == me && TryEnterOwn(me))
        {
            return new Scope(ref this, isOwn: true);
        }

        return new Scope(ref this, EnterOther(me));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEnterOwn(int me)
    {
        if (_depth > 0)
        {
            _depth++;
            return true;
        }

        Volatile.Write(ref _inside, me);

        // No fence here: its counterpart is the barrier in TakeBack.
        if (Volatile.Read(ref _owner) == me)
        {
            _depth = 1;
            return true;
        }

        Volatile.Write(ref _inside, 0);
        return false;
    }

    /// <summary>True where it is entered as its own after all: it has been taken back while this thread is inside.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool EnterOther(int me)
    {
        if (Volatile.Read(ref _inside) == me)
        {
            _depth++;
            return true;
        }

        _lock.Enter();
        if (_owner != 0 && _owner != me)
        {
            TakeBack();
        }

        if (_last != me)
        {
            _last = me;
            _run = 0;
        }

        _run++;
        return false;
    }

    private void TakeBack()
    {
        // An owner who is busy with it gives it back himself, soon.
        Volatile.Write(ref _isWanted, true);
        for (int i = 0; i < Looks && Volatile.Read(ref _owner) != 0; i++)
        {
            Processor.Pause();
        }

        if (Volatile.Read(ref _owner) != 0)
        {
            Volatile.Write(ref _owner, 0);
            Interlocked.MemoryBarrierProcessWide();
        }

        // Acquire: what the owner did inside is seen. Its release is in Leave.
        SpinWait wait = default;
        while (Volatile.Read(ref _inside) != 0)
        {
            // Sleeps, too, where it takes long: the owner may stand inside without a processor, and with less of a priority than this thread.
            wait.SpinOnce();
        }

        _isWanted = false;
        _wanted = Math.Min(2 * _wanted, LongestRun);
        _last = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Leave(bool isOwn)
    {
        if (!isOwn)
        {
            LeaveOther();
        }
        else if (--_depth == 0)
        {
            if (Volatile.Read(ref _isWanted))
            {
                // Before it is left: who sees this sees that it was entered, too.
                Volatile.Write(ref _owner, 0);
            }

            // Release: see TakeBack.
            Volatile.Write(ref _inside, 0);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void LeaveOther()
    {
        if (_run >= _wanted)
        {
            Volatile.Write(ref _owner, _last);
            _run = 0;
        }

        _lock.Exit();
    }

    /// <summary>The time inside.</summary>
    public readonly ref struct Scope
    {
        private readonly ref BiasedLock _held;
        private readonly bool _isOwn;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Scope(ref BiasedLock held, bool isOwn)
        {
            _held = ref held;
            _isOwn = isOwn;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _held.Leave(_isOwn);
    }
}
