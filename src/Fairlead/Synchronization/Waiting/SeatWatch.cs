using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>Watches the processes that own seats, for one who is about to sleep until one of them is free.</summary>
internal static unsafe class SeatWatch
{
    /// <summary>
    /// Marks the seats of processes that have ended unnoticed, as the kernel would have; the others are watched from now on. After
    /// <see cref="KeeperWatch.Ended"/> has been read.
    /// </summary>
    /// <returns>Whether there was one: look again.</returns>
    public static bool MarkGone(Seats seats)
    {
        bool any = false;
        for (int i = 0; i < seats.Count; i++)
        {
            any |= MarkGone(seats, i, seats[i]);
        }

        return any;
    }

    /// <summary>The same for one of them.</summary>
    /// <param name="seats">All.</param>
    /// <param name="index">Which.</param>
    /// <param name="found">As it was found.</param>
    public static bool MarkGone(Seats seats, int index, Seat found)
    {
        if (!found.HasOwner || !KeeperWatch.IsGone(found.Word.Owner))
        {
            return false;
        }

        MutexWords.Abandon(seats.Word(index), found.Word.Value);
        return true;
    }
}
