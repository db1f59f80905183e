using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>Watches the processes that own slots, for a waiter about to sleep until a slot is free.</summary>
internal static unsafe class SlotWatch
{
    /// <summary>
    /// Marks the slots of processes that ended unnoticed, as the kernel would have, and watches the other owners from now on. Call it after
    /// reading <see cref="KeeperWatch.Ended"/>.
    /// </summary>
    /// <returns>Whether a slot was marked: check the slots again.</returns>
    public static bool MarkGone(LockSlots seats)
    {
        bool any = false;
        for (int i = 0; i < seats.Count; i++)
        {
            any |= MarkGone(seats, i, seats[i]);
        }

        return any;
    }

    /// <summary>The same for one slot.</summary>
    /// <param name="seats">The slots.</param>
    /// <param name="index">The index of the slot.</param>
    /// <param name="found">The slot as it was found.</param>
    public static bool MarkGone(LockSlots seats, int index, LockSlot found)
    {
        if (!found.HasOwner || !KeeperWatch.IsGone(found.Word.Owner))
        {
            return false;
        }

        MutexWords.Abandon(seats.Word(index), found.Word.Value);
        return true;
    }
}
