using System.Runtime.CompilerServices;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>The steps of a mutex in shared memory. None of them waits. Verified in models/mutex.pml.</summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct MutexWords(byte* start)
{
    public LockHeader Header => new(start, MutexLayout.Magic);

    public WaitQueue WaitQueue => new(start + MutexLayout.WaitQueueAt);

    public LockWord Word => new(Volatile.Read(ref *WordPlace));

    /// <summary>Whether an owner has died and no owner has marked the data consistent since. Only the owner writes it.</summary>
    public bool IsInDoubt
    {
        get => Volatile.Read(ref *(uint*)(start + MutexLayout.InDoubtAt)) != 0;
        set => Volatile.Write(ref *(uint*)(start + MutexLayout.InDoubtAt), value ? 1u : 0u);
    }

    /// <summary>The number of entries.</summary>
    public ulong Entries => Volatile.Read(ref *(ulong*)(start + MutexLayout.EntriesAt));

    /// <summary>The info of the last owner. Only the owner writes it.</summary>
    public ref OwnerInfo Owner => ref Unsafe.AsRef<OwnerInfo>(start + MutexLayout.ParticipantAt);

    /// <summary>The address of the word that the owner's owner thread owns.</summary>
    public uint* WordPlace => (uint*)(start + MutexLayout.WordAt);

    /// <summary>Takes the mutex if it is idle, by one compare-and-swap. Inside the owner thread's gate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTakeIdle(RobustKeeper keeper) => *WordPlace == 0 && keeper.TryTake(WordPlace, 0);

    /// <summary>Returns whether the mutex has an owner, and if so announces a sleeper. Called by the first waiter.</summary>
    /// <param name="value">The value of the word to sleep on.</param>
    /// <returns>False if the mutex is free; <paramref name="value"/> is the word as found, to take by compare-and-swap.</returns>
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

            // The bit closes the mutex to all newcomers: the owner leaves it closed.
            if (found.HasSleeper || Interlocked.CompareExchange(ref *WordPlace, value, found.Value) == found.Value)
            {
                return true;
            }
        }
    }

    /// <summary>Counts an entry. The owner calls it when all info for other processes is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Count() => Volatile.Write(ref *(ulong*)(start + MutexLayout.EntriesAt), *(ulong*)(start + MutexLayout.EntriesAt) + 1);

    /// <summary>
    /// Leaves. Wakes the first waiter if it sleeps; no newcomer takes the mutex before that waiter. Inside the owner thread's gate.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Leave(RobustKeeper keeper) => keeper.Release(WordPlace, LockWord.SleeperBit);

    /// <summary>Marks a word whose owner has ended without the kernel's mark, as the kernel would have, and wakes its sleepers.</summary>
    /// <param name="word">The word of the lock, or of a slot.</param>
    /// <param name="found">The word as found, with the owner.</param>
    public static void Abandon(uint* word, uint found)
    {
        if (Interlocked.CompareExchange(ref *word, new LockWord(found).Abandoned.Value, found) == found)
        {
            Futex.Wake(ref *(int*)word, int.MaxValue);
        }
    }
}
