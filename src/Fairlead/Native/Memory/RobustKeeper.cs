using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fairlead.Native.Waiting;

namespace Fairlead.Native.Memory;

/// <summary>
/// Owns words of shared memory in the name of this process. A dedicated thread has them on its robust list. When the process ends in any
/// way, the kernel walks the list, marks each word that carries the thread's ID, and wakes one sleeper on it. Ownership thus belongs to no
/// thread of the user, and may pass from one to another.
/// </summary>
/// <remarks>
/// <para>
/// <c>set_robust_list(2)</c> describes what the kernel does. A word holds its owner's thread ID, a bit for sleepers, and a bit for a dead
/// owner. One entry may be pending: its word is being taken or released, and the kernel checks it too. Therefore one thread of the process
/// at a time takes or releases words of an owner thread. It enters the owner thread's gate (<see cref="Hold"/>) for some nanoseconds, or
/// for a system call if it wakes a sleeper.
/// </para>
/// <para>
/// The threads of a killed process end in any order. Others may run on for microseconds after the owner thread: docs/design/locks.md
/// explains what that means for the next owner.
/// </para>
/// </remarks>
internal sealed unsafe class RobustKeeper
{
    /// <summary>The name of the threads in <c>/proc</c>: it identifies a number as that of an owner thread.</summary>
    public const string ThreadName = "Fairlead keeper";

    /// <summary>The most words of an owner thread, with space for pending ones.</summary>
    private const int MostWords = Libc.ROBUST_LIST_LIMIT - 128;

    private static readonly RankedLock Starting = new(LockRank.KeeperStart);
    private static RobustKeeper[] _all = [];

    // Never freed: the kernel reads it when the thread ends.
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
                // The runtime may name the thread only later, and its name identifies it.
                Libc.NameThread(ThreadName);
                Id = (uint)Libc.ThreadId();
                error = Libc.SetRobustList(_list) == 0 ? Errno.None : Libc.LastError;
                ready.Set();
                if (error == Errno.None)
                {
                    // As long as the process lives: it is never set.
                    new ManualResetEventSlim().Wait();
                }
            },
            64 * 1024);
        ready.Wait();
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("the kernel does not accept a robust list for this process (set_robust_list)", error);
        }
    }

    /// <summary>The ID of its thread: the value in the words that it owns.</summary>
    public uint Id { get; private set; }

    /// <summary>
    /// Reserves an entry for a word in an owner thread, and starts another owner thread if needed. <see cref="Free"/> releases it.
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

    /// <summary>Releases the entry for a word, which is not on the list any more.</summary>
    public void Free()
    {
        using (Starting.Hold())
        {
            _reserved--;
        }
    }

    /// <summary>Returns whether a number is that of an owner thread of this process.</summary>
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

    /// <summary>Enters the gate; disposing the result leaves it. Nothing inside may wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BiasedLock.Scope Hold() => _gate.Hold();

    /// <summary>Takes a word by compare-and-swap from one value to this owner thread's number. Inside the gate.</summary>
    /// <param name="word">A word in a <see cref="RobustMemory"/>.</param>
    /// <param name="expected">A value without an owner.</param>
    /// <returns>Whether the word had that value. Acquire: the caller sees all that was done before the word was released.</returns>
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

    /// <summary>Same, for a word that changes in one step with its neighbour. Inside the gate.</summary>
    /// <param name="word">The one of the two that the kernel knows.</param>
    /// <param name="both">The two, at a multiple of eight bytes.</param>
    /// <param name="expected">The pair without an owner.</param>
    /// <param name="wanted">The pair with this owner thread's number.</param>
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
    /// Clears the number in a word, keeps the bits of <paramref name="keep"/>, and wakes the sleepers if the word has any. If the process
    /// is killed between the two, the kernel wakes them, unless the word has a new owner by then. Keeping the sleeper bit avoids that risk.
    /// Inside the gate.
    /// </summary>
    /// <param name="word">
    /// A word with the number of this owner thread. In a process that is being killed the number may be gone; then the word stays as it is.
    /// </param>
    /// <param name="keep">The bits to keep.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(uint* word, uint keep)
    {
        Volatile.Write(ref _list->Pending, Entry(word));
        Unlink(word);

        // Release: the next owner of the word sees all that was done under it.
        uint found = Interlocked.CompareExchange(ref *word, 0, Id);
        if (found != Id)
        {
            ReleaseAndWake(word, found, keep);
        }

        Volatile.Write(ref _list->Pending, 0);
    }

    /// <summary>Replaces the number in a word by a value that is not on any list; no thread sleeps on the word. Inside the gate.</summary>
    /// <param name="word">
    /// A word with the number of this owner thread. In a process that is being killed the number may be gone; then the word stays as it is.
    /// </param>
    /// <param name="value">The new value.</param>
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
                // Wake all: a thread of a process that is being killed may still be among the sleepers, and would take the only wake-up.
                Futex.Wake(ref *(int*)word, int.MaxValue);
                return;
            }

            found = before;
        }
    }

    private static nint Entry(uint* word) => (nint)word - RobustMemory.Distance;

    // At any moment the kernel finds a complete list: an entry is written before it is linked, and unlinked by one store.
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

        // The list head begins like an entry; its second field is the distance. So the last entry has no successor to update.
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
