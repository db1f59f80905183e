using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a semaphore in shared memory. None of them waits. A free slot is a permit. Entering takes a slot, and the owner's end
/// returns the permit. Taking a permit leaves a moved slot behind; posting frees it again. Verified in models/semaphore.pml.
/// </summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
/// <param name="permits">
/// The initial number of permits. That many unused slots count as free, and the others as moved. Creation thus writes nothing.
/// </param>
/// <param name="maximum">The number of slots.</param>
internal readonly unsafe struct SemaphoreWords(byte* start, int permits, int maximum)
{
    // In the mark: tells a used slot from an unused one.
    private const uint Used = 1u << 31;

    // The mark of a process about to post: if it dies before that, the slot stays moved.
    private const uint Posting = uint.MaxValue;

    private static readonly LockSlot MovedSlot = new(new LockWord(LockSlots.Moved), Used);

    public LockHeader Header => new(start, SemaphoreLayout.Magic);

    public WaitQueue WaitQueue => new(start + SemaphoreLayout.WaitQueueAt);

    public LockSlots Slots => new(start + SemaphoreLayout.SlotsAt, maximum, SemaphoreLayout.SlotSize);

    /// <summary>The word that the first waiter sleeps on.</summary>
    public uint* Doorbell => (uint*)(start + SemaphoreLayout.DoorbellAt);

    /// <summary>
    /// Whether a newcomer must not take a permit: a sleeping waiter wants one, or the waiter that joined last still waits.
    /// </summary>
    public bool IsClosed => Volatile.Read(ref *Wanted) != 0 || WaitQueue.IsLastWaiting;

    private ulong* Wanted => (ulong*)(start + SemaphoreLayout.WantedAt);

    /// <summary>Whether a slot is a free permit.</summary>
    public bool IsFree(int index, LockSlot seat) => seat.Word.Owner == 0 && !IsMoved(index, seat);

    /// <summary>Returns the number of free permits.</summary>
    public int CountFree()
    {
        int count = 0;
        for (int i = 0; i < maximum; i++)
        {
            count += IsFree(i, Slots[i]) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Finds a free permit, once around.</summary>
    /// <param name="from">The index to begin at.</param>
    /// <param name="index">Its index.</param>
    /// <param name="found">Its value when found; the caller changes it by compare-and-swap from that value.</param>
    public bool TryFindFree(int from, out int index, out LockSlot found)
    {
        for (int i = 0; i < maximum; i++)
        {
            index = from + i < maximum ? from + i : from + i - maximum;
            found = Slots[index];
            if (IsFree(index, found))
            {
                return true;
            }
        }

        index = -1;
        found = default;
        return false;
    }

    /// <summary>Finds a moved slot.</summary>
    /// <param name="from">The index to begin at; on return, where the next search may begin.</param>
    /// <param name="found">Its value when found; the caller changes it by compare-and-swap from that value.</param>
    public bool TryFindMoved(ref int from, out LockSlot found)
    {
        for (; from < maximum; from++)
        {
            found = Slots[from];
            if (IsMoved(from, found))
            {
                return true;
            }
        }

        found = default;
        return false;
    }

    /// <summary>Enters by a free slot. Inside the owner thread's gate.</summary>
    /// <param name="keeper">The owner thread, with a free list entry.</param>
    /// <param name="index">The index of the slot.</param>
    /// <param name="found">The slot as it was found.</param>
    /// <param name="thread">The entering thread; 0 for an asynchronous caller.</param>
    public bool TryEnter(RobustKeeper keeper, int index, LockSlot found, int thread) =>
        Slots.TryTake(keeper, index, found, Used | (uint)thread);

    /// <summary>Removes a permit.</summary>
    public bool TryMove(int index, LockSlot found) => Slots.TryChange(index, found, MovedSlot);

    /// <summary>Takes a moved slot, in order to free it. Inside the owner thread's gate.</summary>
    public bool TryBeginPost(RobustKeeper keeper, int index, LockSlot found) => Slots.TryTake(keeper, index, found, Posting);

    /// <summary>
    /// Turns a slot that was taken for posting into a free permit (ring afterwards), or back into a moved one. Inside the owner thread's
    /// gate.
    /// </summary>
    public void EndPost(RobustKeeper keeper, int index, bool isFree)
    {
        if (isFree)
        {
            Slots.Leave(keeper, index);
        }
        else
        {
            Slots.LeaveMoved(keeper, index);
        }
    }

    /// <summary>Asks leavers and posters to ring from now on. Called by the first waiter.</summary>
    public void Want(uint ticket)
    {
        ulong mine = WantedBy(ticket);
        ulong found = Volatile.Read(ref *Wanted);

        // The ticket of a later waiter stays: that waiter has found this process dead, which has some microseconds left.
        while (found != mine && (found == 0 || (int)(ticket - (uint)found) > 0))
        {
            ulong before = Interlocked.CompareExchange(ref *Wanted, mine, found);
            found = before == found ? mine : before;
        }
    }

    /// <summary>
    /// Withdraws the request. The first waiter calls it before it leaves the queue. If no waiter is behind, permits are open to newcomers
    /// again. Otherwise the last waiter withdraws it or, if that one dies, the next to wait.
    /// </summary>
    public void WantNoMore(uint ticket)
    {
        if (WaitQueue.IsLast(ticket))
        {
            _ = Interlocked.CompareExchange(ref *Wanted, 0, WantedBy(ticket));
        }
    }

    /// <summary>Wakes a sleeping waiter, because a permit may have become free.</summary>
    public void Ring()
    {
        // An interlocked operation left the slot, and another one set this word: one of the two sides has seen the other.
        if (Volatile.Read(ref *Wanted) != 0)
        {
            Futex.AddOneAndWakeAll(ref *(int*)Doorbell);
        }
    }

    /// <summary>Since when a slot is owned, in nanoseconds of 1970. Its owner writes it.</summary>
    public ref long Since(int index) => ref *(long*)Slots.Beside(index);

    private bool IsMoved(int index, LockSlot seat) => seat.Word.Owner switch
    {
        LockSlots.Moved => true,
        0 => seat.Word.HasDied ? seat.Mark == Posting : seat.Mark == 0 && index >= permits,
        _ => false,
    };

    /// <summary>Whether the owner of a slot is about to free it by posting, and has not entered.</summary>
    public static bool IsBeingPosted(LockSlot seat) => seat.Mark == Posting;

    /// <summary>The thread of the owner of a slot; 0: none.</summary>
    public static int Thread(LockSlot seat) => (int)(seat.Mark & ~Used);

    private static ulong WantedBy(uint ticket) => (1UL << 32) | ticket;
}
