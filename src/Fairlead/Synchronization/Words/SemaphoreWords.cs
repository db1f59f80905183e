using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a semaphore in shared memory. Nothing here waits. A free seat is a permit; who has entered owns a seat, so that his end
/// gives the permit back; who takes a permit leaves a moved seat behind, and posting makes it free again. Proved in models/semaphore.pml.
/// </summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
/// <param name="permits">
/// Of the beginning: as many of the seats that nobody has used are free, the others moved. So nothing need be written for a beginning.
/// </param>
/// <param name="maximum">How many seats there are.</param>
internal readonly unsafe struct SemaphoreWords(byte* start, int permits, int maximum)
{
    // In a mark, so that a seat which has been used is told from one that has not.
    private const uint Used = 1u << 31;

    // The mark of one who is about to post: where he dies before he has, the seat is moved as before.
    private const uint Posting = uint.MaxValue;

    private static readonly Seat MovedSeat = new(new LockWord(Seats.Moved), Used);

    public Form Form => new(start, SemaphoreLayout.Magic);

    public Line Line => new(start + SemaphoreLayout.LineAt);

    public Seats Seats => new(start + SemaphoreLayout.SeatsAt, maximum, SemaphoreLayout.SeatSize);

    /// <summary>Slept on by the first of the line.</summary>
    public uint* Bell => (uint*)(start + SemaphoreLayout.BellAt);

    /// <summary>
    /// Whether a newcomer must not take a permit: it is wanted by one who sleeps, or the last who has come into the line waits.
    /// </summary>
    public bool IsClosed => Volatile.Read(ref *Wanted) != 0 || Line.IsLastWaiting;

    private ulong* Wanted => (ulong*)(start + SemaphoreLayout.WantedAt);

    /// <summary>Whether a seat is a free permit.</summary>
    public bool IsFree(int index, Seat seat) => seat.Word.Owner == 0 && !IsMoved(index, seat);

    /// <summary>How many permits are free.</summary>
    public int CountFree()
    {
        int count = 0;
        for (int i = 0; i < maximum; i++)
        {
            count += IsFree(i, Seats[i]) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Looks for a permit, once around.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="index">Which.</param>
    /// <param name="found">As it was found: to be taken in exchange for that.</param>
    public bool TryFindFree(int from, out int index, out Seat found)
    {
        for (int i = 0; i < maximum; i++)
        {
            index = from + i < maximum ? from + i : from + i - maximum;
            found = Seats[index];
            if (IsFree(index, found))
            {
                return true;
            }
        }

        index = -1;
        found = default;
        return false;
    }

    /// <summary>Looks for a seat that is moved.</summary>
    /// <param name="from">Where to begin; where the next one may begin.</param>
    /// <param name="found">As it was found: to be taken in exchange for that.</param>
    public bool TryFindMoved(ref int from, out Seat found)
    {
        for (; from < maximum; from++)
        {
            found = Seats[from];
            if (IsMoved(from, found))
            {
                return true;
            }
        }

        found = default;
        return false;
    }

    /// <summary>Enters by a free seat. Inside the keeper's gate.</summary>
    /// <param name="keeper">Has room for a word more.</param>
    /// <param name="index">Of the seat.</param>
    /// <param name="found">As it was found.</param>
    /// <param name="thread">Who enters; 0: no thread.</param>
    public bool TryEnter(RobustKeeper keeper, int index, Seat found, int thread) =>
        Seats.TryTake(keeper, index, found, Used | (uint)thread);

    /// <summary>Takes a permit away.</summary>
    public bool TryMove(int index, Seat found) => Seats.TryChange(index, found, MovedSeat);

    /// <summary>Takes a moved seat, to leave it free. Inside the keeper's gate.</summary>
    public bool TryBeginPost(RobustKeeper keeper, int index, Seat found) => Seats.TryTake(keeper, index, found, Posting);

    /// <summary>
    /// What was taken to be posted is a free permit from now on; ring then. Or it is moved as before. Inside the keeper's gate.
    /// </summary>
    public void EndPost(RobustKeeper keeper, int index, bool isFree)
    {
        if (isFree)
        {
            Seats.Leave(keeper, index);
        }
        else
        {
            Seats.LeaveMoved(keeper, index);
        }
    }

    /// <summary>By the first of the line: from now on who leaves or posts rings.</summary>
    public void Want(uint ticket)
    {
        ulong mine = WantedBy(ticket);
        ulong found = Volatile.Read(ref *Wanted);

        // A later one's stays: he has found this process dead, and it has some microseconds left.
        while (found != mine && (found == 0 || (int)(ticket - (uint)found) > 0))
        {
            ulong before = Interlocked.CompareExchange(ref *Wanted, mine, found);
            found = before == found ? mine : before;
        }
    }

    /// <summary>
    /// By the first, before he leaves the line: where nobody has come behind him, permits are anybody's again. Else it is left to the last
    /// one; or, where that one dies, to whoever waits next.
    /// </summary>
    public void WantNoMore(uint ticket)
    {
        if (Line.IsLast(ticket))
        {
            _ = Interlocked.CompareExchange(ref *Wanted, 0, WantedBy(ticket));
        }
    }

    /// <summary>A permit may have become free: wakes who sleeps for one.</summary>
    public void Ring()
    {
        // The seat has been left by an interlocked operation, as this was set by one: so one of the two has seen the other.
        if (Volatile.Read(ref *Wanted) != 0)
        {
            Futex.AddOneAndWakeAll(ref *(int*)Bell);
        }
    }

    /// <summary>Since when a seat is owned, in nanoseconds of 1970. Written by its owner.</summary>
    public ref long Since(int index) => ref *(long*)Seats.Beside(index);

    private bool IsMoved(int index, Seat seat) => seat.Word.Owner switch
    {
        Seats.Moved => true,
        0 => seat.Word.HasDied ? seat.Mark == Posting : seat.Mark == 0 && index >= permits,
        _ => false,
    };

    /// <summary>Whether the owner of a seat has not entered, but will leave it free at once.</summary>
    public static bool IsBeingPosted(Seat seat) => seat.Mark == Posting;

    /// <summary>The thread of who has entered by a seat; 0: none.</summary>
    public static int Thread(Seat seat) => (int)(seat.Mark & ~Used);

    private static ulong WantedBy(uint ticket) => (1UL << 32) | ticket;
}
