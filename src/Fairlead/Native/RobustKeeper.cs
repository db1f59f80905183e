using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>
/// Owns words of shared memory in this process's name. A thread that does nothing else has them on its list: when the process ends, in
/// whatever way, the kernel walks along it, marks each word that carries the thread's number and wakes one who sleeps on it. So ownership
/// belongs to no thread of the user's, and may pass from one to another.
/// </summary>
/// <remarks>
/// <para>
/// What the kernel does is described with <c>set_robust_list(2)</c>: a word holds its owner's thread number, a bit that somebody sleeps on
/// it, and a bit that the owner has died. One entry may be pending: its word is being taken or released, and is looked at as well. That is
/// why one thread of the process at a time takes or releases a word of a keeper: who does so has entered its gate (<see cref="Hold"/>) for
/// some nanoseconds, or for a system call where somebody is woken.
/// </para>
/// <para>
/// The threads of a killed process end in any order. Others of it may run on for microseconds when the keeper has gone: what that means for
/// who comes next stands in docs/design/locks.md.
/// </para>
/// </remarks>
internal sealed unsafe class RobustKeeper
{
    /// <summary>What the threads are called, as <c>/proc</c> shows it: by this a number is known to be a keeper's.</summary>
    public const string ThreadName = "Fairlead keeper";

    /// <summary>With room for what is pending.</summary>
    private const int MostWords = Libc.ROBUST_LIST_LIMIT - 128;

    private static readonly RankedLock Starting = new(LockRank.KeeperStart);
    private static RobustKeeper[] _all = [];

    // Never given back: the kernel reads it when the thread ends.
    private readonly Libc.RobustList* _list = (Libc.RobustList*)NativeMemory.AlignedAlloc((nuint)sizeof(Libc.RobustList), 64);
    private BiasedLock _gate = new(LockRank.Keeper);
    private int _reserved;

    private RobustKeeper()
    {
        _list->Next = (nint)_list;
        _list->Distance = RobustMemory.Distance;
        _list->Pending = 0;
        using ManualResetEventSlim ready = new();
        Errno error = Errno.None;
        BackgroundThread.Start(
            ThreadName,
            () =>
            {
                // The runtime may name it later, and by its name it is known.
                Libc.NameThread(ThreadName);
                Id = (uint)Libc.ThreadId();
                error = Libc.SetRobustList(_list) == 0 ? Errno.None : Libc.LastError;
                ready.Set();
                if (error == Errno.None)
                {
                    // For as long as the process lives: nobody ever sets it.
                    new ManualResetEventSlim().Wait();
                }
            },
            64 * 1024);
        ready.Wait();
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("the kernel does not watch over words of this process (set_robust_list)", error);
        }
    }

    /// <summary>The number of its thread: what stands in the words that it owns.</summary>
    public uint Id { get; private set; }

    /// <summary>
    /// Finds one that has room for a word more, and keeps it free; another is started when it is needed. The release is <see cref="Free"/>.
    /// </summary>
    public static RobustKeeper Reserve()
    {
        using (Starting.Hold())
        {
            foreach (RobustKeeper keeper in _all)
            {
                if (keeper._reserved < MostWords)
                {
                    keeper._reserved++;
                    return keeper;
                }
            }

            RobustKeeper started = new() { _reserved = 1 };
            Volatile.Write(ref _all, [.. _all, started]);
            return started;
        }
    }

    /// <summary>Gives back the room for a word, which is not on the list any more.</summary>
    public void Free()
    {
        using (Starting.Hold())
        {
            _reserved--;
        }
    }

    /// <summary>Whether a number is that of a keeper of this process.</summary>
    public static bool IsOwn(uint id)
    {
        foreach (RobustKeeper keeper in Volatile.Read(ref _all))
        {
            if (keeper.Id == id)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Enters the gate; disposing what is returned leaves it. Nothing that waits is called inside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BiasedLock.Scope Hold() => _gate.Hold();

    /// <summary>Replaces a word that has one value by this keeper's number. Inside the gate.</summary>
    /// <param name="word">In a <see cref="RobustMemory"/>.</param>
    /// <param name="expected">Without an owner.</param>
    /// <returns>Whether that was found. Acquire: all is seen that was done before the word was released.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(uint* word, uint expected)
    {
        Volatile.Write(ref _list->Pending, Entry(word));
        bool isTaken = Interlocked.CompareExchange(ref *word, Id, expected) == expected;
        if (isTaken)
        {
            Link(word);
        }

        Volatile.Write(ref _list->Pending, 0);
        return isTaken;
    }

    /// <summary>The same for a word that changes in one step with its neighbour. Inside the gate.</summary>
    /// <param name="word">The one of the two that the kernel knows.</param>
    /// <param name="both">The two, at a multiple of eight bytes.</param>
    /// <param name="expected">The word without an owner.</param>
    /// <param name="wanted">The word with this keeper's number.</param>
    public bool TryTake(uint* word, ulong* both, ulong expected, ulong wanted)
    {
        Volatile.Write(ref _list->Pending, Entry(word));
        bool isTaken = Interlocked.CompareExchange(ref *both, wanted, expected) == expected;
        if (isTaken)
        {
            Link(word);
        }

        Volatile.Write(ref _list->Pending, 0);
        return isTaken;
    }

    /// <summary>
    /// Takes the number out of a word, keeping the bits of <paramref name="keep"/>, and wakes those who sleep on it, if the word says so. A
    /// process that is killed between the two leaves the waking to the kernel, unless the word has an owner again by then: so who keeps the
    /// bit that somebody sleeps there is on the safe side. Inside the gate.
    /// </summary>
    /// <param name="word">
    /// Carries the number of this keeper; in a process that is being killed maybe not any more, and then it is left alone.
    /// </param>
    /// <param name="keep">Which bits stay as they are.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(uint* word, uint keep)
    {
        Volatile.Write(ref _list->Pending, Entry(word));
        Unlink(word);

        // Release: who takes the word next sees all that was done under it.
        uint found = Interlocked.CompareExchange(ref *word, 0, Id);
        if (found != Id)
        {
            ReleaseAndWake(word, found, keep);
        }

        Volatile.Write(ref _list->Pending, 0);
    }

    /// <summary>Replaces the number in a word by something that no list leads to; nobody sleeps on it. Inside the gate.</summary>
    /// <param name="word">
    /// Carries the number of this keeper; in a process that is being killed maybe not any more, and then it is left alone.
    /// </param>
    /// <param name="value">What stands there afterwards.</param>
    public void Exchange(uint* word, uint value)
    {
        Volatile.Write(ref _list->Pending, Entry(word));
        Unlink(word);
        _ = Interlocked.CompareExchange(ref *word, value, Id);
        Volatile.Write(ref _list->Pending, 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReleaseAndWake(uint* word, uint found, uint keep)
    {
        while ((found & Libc.FUTEX_TID_MASK) == Id)
        {
            uint before = Interlocked.CompareExchange(ref *word, found & keep, found);
            if (before == found)
            {
                // All: the thread of a process that is being killed may still stand among the sleepers, and would take the only wake-up
                // with it.
                Futex.Wake(ref *(int*)word, int.MaxValue);
                return;
            }

            found = before;
        }
    }

    private static nint Entry(uint* word) => (nint)word - RobustMemory.Distance;

    // At any moment the kernel finds a whole list: an entry is written before it is linked, and unlinked by one store.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Link(uint* word)
    {
        Node* node = (Node*)Entry(word);
        node->Next = _list->Next;
        node->Previous = (nint)_list;
        if (node->Next != (nint)_list)
        {
            ((Node*)node->Next)->Previous = (nint)node;
        }

        Volatile.Write(ref _list->Next, (nint)node);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Unlink(uint* word)
    {
        Node* node = (Node*)Entry(word);

        // The list begins as an entry does; its second field is the distance, so the last entry has nobody to tell.
        nint next = node->Next;
        Node* previous = (Node*)node->Previous;
        if (next != (nint)_list)
        {
            ((Node*)next)->Previous = (nint)previous;
        }

        Volatile.Write(ref previous->Next, next);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Node
    {
        public nint Next;
        public nint Previous;
    }
}
