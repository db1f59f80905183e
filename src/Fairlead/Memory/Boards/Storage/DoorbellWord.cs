using Fairlead.Native.Waiting;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// A word on which waiters sleep until a cell changes. Bit 0: a waiter sleeps on it, or is about to. Each ring adds 1. Proved in
/// models/board.pml.
/// </summary>
/// <remarks>
/// A waiter announces itself, then looks at the cell once more, then sleeps. A writer publishes its value, then looks for the announcement.
/// A full fence stands between the two steps of each: so the waiter sees the value, or the writer sees the announcement. Two writers that
/// ring together may set the bit again by their two additions: then the next write rings without need, and clears it.
/// </remarks>
/// <param name="word">In the mapped board.</param>
internal readonly unsafe struct DoorbellWord(int* word)
{
    private const int SleeperBit = 1;

    public int* Word => word;

    /// <summary>Says that the caller will sleep on the word, with a full fence behind that.</summary>
    /// <returns>The value to sleep on: the caller first looks once more at what it waits for.</returns>
    public int Announce()
    {
        int found = Volatile.Read(ref *word);
        while ((found & SleeperBit) == 0)
        {
            int before = Interlocked.CompareExchange(ref *word, found | SleeperBit, found);
            found = before == found ? found | SleeperBit : before;
        }

        // If another waiter has set the bit, this one has made no exchange.
        Interlocked.MemoryBarrier();
        return found;
    }

    /// <summary>Wakes all who have announced themselves. The caller has published its change, and then passed a full fence.</summary>
    public void Ring()
    {
        if ((Volatile.Read(ref *word) & SleeperBit) != 0)
        {
            // In one step of the kernel: a writer that is killed here has done both or neither.
            Futex.AddOneAndWakeAll(ref *word);
        }
    }
}
