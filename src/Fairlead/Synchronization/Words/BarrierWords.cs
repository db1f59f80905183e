using System.Runtime.CompilerServices;
using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a barrier in shared memory. None of them waits. Each party owns a slot, which the kernel marks when its process dies. One
/// word of eight bytes holds arrivals, completion and breakage. Waiters sleep on the doorbell, and watch the owners of all slots. A new
/// party rings before it joins, and each sleeper has thus seen its slot. Verified in models/barrier.pml.
/// </summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
/// <param name="parties">The number of parties.</param>
internal readonly unsafe struct BarrierWords(byte* start, int parties)
{
    // The marks of a slot. A process that dies on a slot before it has rung was not a party: the slot is free.
    private const uint Coming = 0;
    private const uint Party = 1;

    public LockHeader Header => new(start, BarrierLayout.Magic);

    public WaitQueue WaitQueue => new(start + BarrierLayout.WaitQueueAt);

    /// <summary>Held while resetting.</summary>
    public MutexWords Guard => new(start + BarrierLayout.GuardAt);

    public LockSlots Slots => new(start + BarrierLayout.SlotsAt, parties, BarrierLayout.SlotSize);

    /// <summary>The word that all waiters sleep on.</summary>
    public uint* Doorbell => (uint*)(start + BarrierLayout.DoorbellAt);

    public BarrierState State => new(Volatile.Read(ref *Place));

    /// <summary>The process of the party that died last, by its own number for itself.</summary>
    public int Dead
    {
        get => Volatile.Read(ref *(int*)(start + BarrierLayout.DeadAt));
        set => Volatile.Write(ref *(int*)(start + BarrierLayout.DeadAt), value);
    }

    private ulong* Place => (ulong*)(start + BarrierLayout.StateAt);

    /// <summary>The owner info of a slot. Only its owner writes it, before it becomes a party.</summary>
    public ref OwnerInfo OwnerInfo(int seat) => ref Unsafe.AsRef<OwnerInfo>(Slots.Beside(seat));

    /// <summary>Finds a slot without an owner.</summary>
    /// <param name="from">The index to begin at.</param>
    /// <param name="index">Its index.</param>
    /// <param name="found">Its value when found; the caller changes it by compare-and-swap from that value.</param>
    public bool TryFindFree(int from, out int index, out LockSlot found)
    {
        for (int i = 0; i < parties; i++)
        {
            index = from + i < parties ? from + i : from + i - parties;
            found = Slots[index];
            if (found.Word.Owner == 0 && !IsDead(found))
            {
                return true;
            }
        }

        index = -1;
        found = default;
        return false;
    }

    /// <summary>Finds the slot of a party that has died.</summary>
    /// <param name="from">The index to begin at.</param>
    /// <param name="index">Its index.</param>
    /// <param name="found">Its value when found.</param>
    public bool TryFindDead(int from, out int index, out LockSlot found)
    {
        for (index = from; index < parties; index++)
        {
            found = Slots[index];
            if (IsDead(found))
            {
                return true;
            }
        }

        found = default;
        return false;
    }

    /// <summary>Takes a free slot, without becoming a party yet. Inside the owner thread's gate.</summary>
    public bool TryTake(RobustKeeper keeper, int index, LockSlot found) => Slots.TryTake(keeper, index, found, Coming);

    /// <summary>Makes the owner of a slot a party. It has rung before.</summary>
    /// <returns>False if the kernel has marked the slot; it is not a party then.</returns>
    public bool TryJoin(RobustKeeper keeper, int index) =>
        Slots.TryChange(index, new LockSlot(new LockWord(keeper.Id), Coming), new LockSlot(new LockWord(keeper.Id), Party));

    /// <summary>Whether the slot belongs to a party.</summary>
    public static bool IsParty(LockSlot seat) => seat.HasOwner && seat.Mark == Party;

    /// <summary>
    /// Arrives, for a party that found the barrier whole. The last arrival completes the phase, and its caller must ring.
    /// </summary>
    /// <param name="found">The state as it was found.</param>
    /// <param name="isLast">Whether this arrival completes the phase.</param>
    /// <returns>False if the state has changed since.</returns>
    public bool TryArrive(BarrierState found, out bool isLast)
    {
        isLast = found.Arrived == parties - 1;
        return TryChange(found, isLast ? found.Completed : found.WithArrival);
    }

    /// <summary>Withdraws an arrival, unless it is too late for that.</summary>
    /// <param name="arrived">The state of the arrival.</param>
    /// <param name="found">The state at the decision.</param>
    public BarrierOutcome TakeBack(BarrierState arrived, out BarrierState found)
    {
        while (true)
        {
            found = State;
            BarrierOutcome outcome = found.Of(arrived);
            if (outcome != BarrierOutcome.Pending)
            {
                return outcome;
            }

            if (TryChange(found, found.WithoutArrival))
            {
                return BarrierOutcome.TakenBack;
            }
        }
    }

    /// <summary>
    /// Breaks the barrier, if it is still in the state that was found before the slot of the dead party was. Only a reset removes such a
    /// slot, and it changes the state.
    /// </summary>
    /// <param name="found">The state, not broken, as it was found.</param>
    /// <param name="seat">The slot of the dead party.</param>
    public void Break(BarrierState found, int seat)
    {
        // Write it before breaking: a caller that finds the barrier broken reads it.
        Dead = OwnerInfo(seat).Process;
        if (TryChange(found, found.Broken))
        {
            Ring();
        }
    }

    /// <summary>Frees the slot of a dead party. The caller owns the guard, and the barrier is broken.</summary>
    public void Free(int index, LockSlot found) => _ = Slots.TryChange(index, found, default);

    /// <summary>Restarts the phase. The caller owns the guard, and the barrier is broken: no other process changes the state.</summary>
    public void Reset()
    {
        BarrierState found = State;
        _ = TryChange(found, found.Reset);
    }

    /// <summary>Wakes all sleepers, to check again.</summary>
    public void Ring() => Futex.AddOneAndWakeAll(ref *(int*)Doorbell);

    private bool TryChange(BarrierState found, BarrierState wanted) =>
        Interlocked.CompareExchange(ref *Place, wanted.Value, found.Value) == found.Value;

    private static bool IsDead(LockSlot seat) => seat.Word.Owner == 0 && seat.Word.HasDied && seat.Mark == Party;
}
