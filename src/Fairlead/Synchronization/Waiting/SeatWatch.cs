using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Waiting;

/// <summary>Watches the processes that own seats, for one who is about to sleep until one of them is free.</summary>
internal static unsafe class SeatWatch
{
    /// <summary>Marks the seats of processes that have ended unnoticed, as the kernel would have; the others are watched from now on. After <see cref="KeeperWatch.Ended"/> has been read.</summary>
    /// <returns>Whether there was one: look again.</returns>
    public static bool MarkGone(Seats seats)
    {
        bool any = false;
        uint living = 0;
        for (int i = 0; i < seats.Count; i++)
        {
            Seat found = seats[i];

            // Neighbours are often of one process.
            if (!found.HasOwner || found.Word.Owner == living)
            {
                continue;
            }

            if (KeeperWatch.IsGone(found.Word.Owner))
            {
                MutexWords.Abandon(seats.Word(i), found.Word.Value);
                any = true;
            }
            else
            {
                living = found.Word.Owner;
            }
        }

        return any;
    }
}
