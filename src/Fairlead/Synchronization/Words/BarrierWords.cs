using System.Runtime.CompilerServices;
using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a barrier in shared memory. Nothing here waits. A party owns a seat, so that the kernel marks it where the process dies.
/// What has arrived, completed and broken is one word of eight bytes; who waits sleeps on the bell, and has the owners of all seats
/// watched. A party has rung before it is one, so that each of those who sleep has seen its seat. Proved in models/barrier.pml.
/// </summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
/// <param name="parties">How many there are.</param>
internal readonly unsafe struct BarrierWords(byte* start, int parties)
{
    // The marks of a seat. Who dies on one before he has rung was no party: the seat is free.
    private const uint Coming = 0;
    private const uint Party = 1;

    public Form Form => new(start, BarrierLayout.Magic);

    public Line Line => new(start + BarrierLayout.LineAt);

    /// <summary>Held by who resets it.</summary>
    public MutexWords Guard => new(start + BarrierLayout.GuardAt);

    public Seats Seats => new(start + BarrierLayout.SeatsAt, parties, BarrierLayout.SeatSize);

    /// <summary>Slept on by all who wait.</summary>
    public uint* Bell => (uint*)(start + BarrierLayout.BellAt);

    public BarrierState State => new(Volatile.Read(ref *Place));

    /// <summary>The process of the party that has died last, as it has numbered itself.</summary>
    public int Dead
    {
        get => Volatile.Read(ref *(int*)(start + BarrierLayout.DeadAt));
        set => Volatile.Write(ref *(int*)(start + BarrierLayout.DeadAt), value);
    }

    private ulong* Place => (ulong*)(start + BarrierLayout.StateAt);

    /// <summary>Who has a seat, as he says himself. Written by him alone, before he is a party.</summary>
    public ref Standing Standing(int seat) => ref Unsafe.AsRef<Standing>(Seats.Beside(seat));

    /// <summary>Looks for a seat that nobody has.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="index">Which.</param>
    /// <param name="found">As it was found: to be taken in exchange for that.</param>
    public bool TryFindFree(int from, out int index, out Seat found)
    {
        for (int i = 0; i < parties; i++)
        {
            index = from + i < parties ? from + i : from + i - parties;
            found = Seats[index];
            if (found.Word.Owner == 0 && !IsDead(found))
            {
                return true;
            }
        }

        index = -1;
        found = default;
        return false;
    }

    /// <summary>Looks for the seat of a party that has died.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="index">Which.</param>
    /// <param name="found">As it was found.</param>
    public bool TryFindDead(int from, out int index, out Seat found)
    {
        for (index = from; index < parties; index++)
        {
            found = Seats[index];
            if (IsDead(found))
            {
                return true;
            }
        }

        found = default;
        return false;
    }

    /// <summary>Takes a free seat, and is not a party yet. Inside the keeper's gate.</summary>
    public bool TryTake(RobustKeeper keeper, int index, Seat found) => Seats.TryTake(keeper, index, found, Coming);

    /// <summary>By who has taken a seat and has rung: he is a party from now on.</summary>
    /// <returns>False: the kernel has marked it, and he is none.</returns>
    public bool TryJoin(RobustKeeper keeper, int index) =>
        Seats.TryChange(index, new Seat(new LockWord(keeper.Id), Coming), new Seat(new LockWord(keeper.Id), Party));

    /// <summary>Whether a seat is a party's.</summary>
    public static bool IsParty(Seat seat) => seat.HasOwner && seat.Mark == Party;

    /// <summary>Arrives: by a party, where it was found whole. Who comes last completes the phase, and is to ring.</summary>
    /// <param name="found">As it was found.</param>
    /// <param name="isLast">Whether the phase is completed.</param>
    /// <returns>False: it is not as it was found any more.</returns>
    public bool TryArrive(BarrierState found, out bool isLast)
    {
        isLast = found.Arrived == parties - 1;
        return TryChange(found, isLast ? found.Completed : found.WithArrival);
    }

    /// <summary>Takes an arrival back, unless it is too late for that.</summary>
    /// <param name="arrived">When it was.</param>
    /// <param name="found">As it was when that was decided.</param>
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
    /// Breaks it, if it is as it was found before the seat of a dead party was. For only who resets it takes such a seat away, and it is
    /// another then.
    /// </summary>
    /// <param name="found">As it was found, whole.</param>
    /// <param name="seat">The dead one's.</param>
    public void Break(BarrierState found, int seat)
    {
        // Before it is broken: whoever finds it so reads this.
        Dead = Standing(seat).Process;
        if (TryChange(found, found.Broken))
        {
            Ring();
        }
    }

    /// <summary>Makes the seat of a dead party free. By the owner of the guard, while it is broken.</summary>
    public void Free(int index, Seat found) => _ = Seats.TryChange(index, found, default);

    /// <summary>Begins the phase once more. By the owner of the guard, while it is broken: nobody else changes it.</summary>
    public void Reset()
    {
        BarrierState found = State;
        _ = TryChange(found, found.Reset);
    }

    /// <summary>All who sleep look again.</summary>
    public void Ring() => Futex.AddOneAndWakeAll(ref *(int*)Bell);

    private bool TryChange(BarrierState found, BarrierState wanted) =>
        Interlocked.CompareExchange(ref *Place, wanted.Value, found.Value) == found.Value;

    private static bool IsDead(Seat seat) => seat.Word.Owner == 0 && seat.Word.HasDied && seat.Mark == Party;
}
