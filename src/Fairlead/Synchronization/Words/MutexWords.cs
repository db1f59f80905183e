using System.Runtime.CompilerServices;
using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>The steps of a mutex in shared memory. Nothing here waits. Proved in models/mutex.pml.</summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct MutexWords(byte* start)
{
    public Form Form => new(start, MutexLayout.Magic);

    public Line Line => new(start + MutexLayout.LineAt);

    public LockWord Word => new(Volatile.Read(ref *WordPlace));

    /// <summary>Whether an owner has died and nobody has put right since what the mutex guards. Written by the owner alone.</summary>
    public bool IsInDoubt
    {
        get => Volatile.Read(ref *(uint*)(start + MutexLayout.InDoubtAt)) != 0;
        set => Volatile.Write(ref *(uint*)(start + MutexLayout.InDoubtAt), value ? 1u : 0u);
    }

    /// <summary>How often it was entered.</summary>
    public ulong Entries => Volatile.Read(ref *(ulong*)(start + MutexLayout.EntriesAt));

    /// <summary>The last owner, as he has said himself. Written by the owner alone.</summary>
    public ref Standing Owner => ref Unsafe.AsRef<Standing>(start + MutexLayout.ParticipantAt);

    /// <summary>What the owner's keeper owns.</summary>
    public uint* WordPlace => (uint*)(start + MutexLayout.WordAt);

    /// <summary>Takes it if it is nobody's and nobody is to be considered: one compare-and-swap. Inside the keeper's gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeIdle(RobustKeeper keeper) => *WordPlace == 0 && keeper.TryTake(WordPlace, 0);

    /// <summary>By the first of the line: whether the mutex is somebody's. Announces then that he will sleep on its word.</summary>
    /// <param name="value">As long as it has this value.</param>
    /// <returns>False: the mutex is nobody's; <paramref name="value"/> is how it was found, to be taken in exchange for that.</returns>
    public bool MustSleep(out uint value)
    {
        while (true)
        {
            LockWord found = Word;
            value = found.Owner == 0 ? found.Value : found.WithSleeper.Value;
            if (found.Owner == 0)
            {
                return false;
            }

            // He closes the mutex to all others by this: whoever leaves it leaves it closed.
            if (found.HasSleeper || Interlocked.CompareExchange(ref *WordPlace, value, found.Value) == found.Value)
            {
                return true;
            }
        }
    }

    /// <summary>Counts an entry. By the owner, when all is written down that others may read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count() => Volatile.Write(ref *(ulong*)(start + MutexLayout.EntriesAt), *(ulong*)(start + MutexLayout.EntriesAt) + 1);

    /// <summary>
    /// Leaves; the first of the line wakes if he sleeps, and until he has taken it nobody else does. Inside the keeper's gate.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(RobustKeeper keeper) => keeper.Release(WordPlace, LockWord.SleeperBit);

    /// <summary>
    /// Does for a word what the kernel has not done: its owner has ended, and the word still names him. Whoever sleeps on it wakes.
    /// </summary>
    /// <param name="word">The lock's, or a place's.</param>
    /// <param name="found">With the owner.</param>
    public static void Abandon(uint* word, uint found)
    {
        if (Interlocked.CompareExchange(ref *word, new LockWord(found).Abandoned.Value, found) == found)
        {
            Futex.Wake(ref *(int*)word, int.MaxValue);
        }
    }
}
