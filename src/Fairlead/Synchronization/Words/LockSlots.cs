using Fairlead.Native;
using Fairlead.Native.Memory;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// An array of words, each owned by one process: permits, readers, parties. A slot is a lock without a wait queue. One compare-and-swap
/// takes or leaves it, and the kernel marks it if its owner dies; nothing needs repair. A waiter for slots checks all of them. Leaving
/// owners wake it, or the end of the owners that it found there. All-zero memory is free slots.
/// <code>
///    0  word (LockWord)                     u32    both are
///    4  mark: set by the owner              u32    changed in one step
///    8  what belongs to the slot, up to its size
/// </code>
/// </summary>
/// <param name="start">The address of the slots in a <see cref="RobustMemory"/>, a multiple of 16.</param>
/// <param name="count">The number of slots.</param>
/// <param name="size">
/// The size of a slot in bytes: a multiple of 16, because its list entry lies at the same offset of the private memory.
/// </param>
internal readonly unsafe struct LockSlots(byte* start, int count, int size)
{
    /// <summary>
    /// In the place of an owner: the slot has no owner, and is not free either. No thread has this number, and no list leads here.
    /// </summary>
    public const uint Moved = Libc.FUTEX_TID_MASK;

    /// <summary>The smallest size.</summary>
    public const int SmallestSize = 16;

    public int Count => count;

    /// <summary>Reads a slot.</summary>
    public LockSlot this[int index] => LockSlot.Of(Volatile.Read(ref *Both(index)));

    /// <summary>Finds a slot without an owner, or with a dead one, once around.</summary>
    /// <param name="from">The index to begin at.</param>
    /// <param name="index">Its index.</param>
    /// <param name="found">Its value when found; the caller changes it by compare-and-swap from that value.</param>
    public bool TryFindFree(int from, out int index, out LockSlot found)
    {
        for (int i = 0; i < count; i++)
        {
            index = from + i < count ? from + i : from + i - count;
            found = this[index];
            if (found.Word.Owner == 0)
            {
                return true;
            }
        }

        index = -1;
        found = default;
        return false;
    }

    /// <summary>
    /// Takes a slot without a living owner for the owner thread. Inside its gate. Acquire: the caller sees all that happened before the
    /// slot was left.
    /// </summary>
    /// <param name="keeper">The owner thread, with a free list entry.</param>
    /// <param name="index">The index of the slot.</param>
    /// <param name="found">The slot as it was found.</param>
    /// <param name="mark">The mark to set in the same step.</param>
    public bool TryTake(RobustKeeper keeper, int index, LockSlot found, uint mark) =>
        keeper.TryTake(Word(index), Both(index), found.Both, new LockSlot(new LockWord(keeper.Id), mark).Both);

    /// <summary>Leaves a slot; its mark stays. Inside the owner thread's gate. Release.</summary>
    public void Leave(RobustKeeper keeper, int index) => keeper.Release(Word(index), keep: 0);

    /// <summary>Leaves a slot as moved. Inside the owner thread's gate.</summary>
    public void LeaveMoved(RobustKeeper keeper, int index) => keeper.Exchange(Word(index), Moved);

    /// <summary>Changes a slot that no process owns, if it is still as it was found; it has no owner afterwards.</summary>
    public bool TryChange(int index, LockSlot found, LockSlot wanted) =>
        Interlocked.CompareExchange(ref *Both(index), wanted.Both, found.Both) == found.Both;

    /// <summary>The address of the word of a slot, which the owner's owner thread owns.</summary>
    public uint* Word(int index) => (uint*)(Place(index) + WaitQueueLayout.WordAt);

    /// <summary>The address of what belongs to a slot. Its owner writes it.</summary>
    public byte* Beside(int index) => Place(index) + sizeof(ulong);

    private ulong* Both(int index) => (ulong*)Place(index);

    private byte* Place(int index) => start + ((nint)index * size);
}

/// <summary>A slot at one moment.</summary>
/// <param name="Word">The word with the owner.</param>
/// <param name="Mark">The mark that the last owner set when it took the slot.</param>
internal readonly record struct LockSlot(LockWord Word, uint Mark)
{
    /// <summary>Whether a process owns the slot; it may have died unnoticed.</summary>
    public bool HasOwner => Word.Owner is not (0 or LockSlots.Moved);

    /// <summary>Both words as eight bytes.</summary>
    public ulong Both => BitConverter.IsLittleEndian ? ((ulong)Mark << 32) | Word.Value : ((ulong)Word.Value << 32) | Mark;

    public static LockSlot Of(ulong both) =>
        BitConverter.IsLittleEndian ? new(new LockWord((uint)both), (uint)(both >> 32)) : new(new LockWord((uint)(both >> 32)), (uint)both);
}
