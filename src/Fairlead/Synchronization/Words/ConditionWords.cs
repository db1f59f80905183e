using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a condition in shared memory. Nothing here waits. Who waits for it stands in a line, and sleeps until his place is
/// notified. All of it changes under the mutex that the condition goes with, except that places are left, by the living and the dead: so
/// whoever is behind a place that was notified and whose owner has died, wakes in his stead. Proved in models/condition.pml.
/// </summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct ConditionWords(byte* start)
{
    public Form Form => new(start, ConditionLayout.Magic);

    public Line Line => new(start + ConditionLayout.LineAt);

    /// <summary>On what those sleep for whom the line has no room: any notification wakes all of them.</summary>
    public uint* Crowd => (uint*)(start + ConditionLayout.CrowdAt);

    private uint* IsCrowded => (uint*)(start + ConditionLayout.IsCrowdedAt);

    /// <summary>Stands behind all who wait. Under the mutex.</summary>
    /// <param name="keeper">Owns the place then.</param>
    /// <param name="ticket">Of the place.</param>
    /// <returns>False: there is no room.</returns>
    public bool TryJoin(RobustKeeper keeper, out uint ticket)
    {
        if (!Line.TryJoin(keeper, out ticket))
        {
            return false;
        }

        // Of one who stood there before. Nobody notifies meanwhile, who would mean this one.
        Volatile.Write(ref *Notified(ticket), 0);
        return true;
    }

    /// <summary>Waits beside the line. Under the mutex.</summary>
    /// <returns>What <see cref="Crowd"/> is until somebody notifies.</returns>
    public uint JoinCrowd()
    {
        Volatile.Write(ref *IsCrowded, 1);
        return Volatile.Read(ref *Crowd);
    }

    /// <summary>On what the owner of a place sleeps: 0 until he is notified.</summary>
    public uint* Notified(uint ticket) => (uint*)(Line.Beside(ticket) + ConditionLayout.NotifiedAt);

    /// <summary>Wakes the one who has waited longest and was not notified yet. Under the mutex.</summary>
    public void NotifyOne()
    {
        WakeCrowd();
        for (uint ticket = Line.First; ticket != Line.Last + 1; ticket++)
        {
            // Looked at once more: who had died by then takes nothing with him. Who dies from now on is missed by those behind him.
            if (TryNotify(ticket) && Line.IsWaiting(ticket))
            {
                return;
            }
        }
    }

    /// <summary>Wakes all. Under the mutex.</summary>
    public void NotifyAll()
    {
        WakeCrowd();
        NotifyLine();
    }

    /// <summary>
    /// Wakes all who stand in the line: by one who was notified and could not take the mutex. Without the mutex, so that nobody takes part
    /// in choosing.
    /// </summary>
    public void NotifyLine()
    {
        for (uint ticket = Line.First; ticket != Line.Last + 1; ticket++)
        {
            _ = TryNotify(ticket);
        }
    }

    /// <summary>
    /// How many before this one were notified and died before they had made anything of it. Only grows while this one stands in the line.
    /// </summary>
    public int CountMissing(uint ticket)
    {
        int count = 0;
        for (uint before = ticket - 1; before != ticket - LineLayout.MostWaiting; before--)
        {
            if (Line.HasDied(before) && Volatile.Read(ref *Notified(before)) != 0)
            {
                count++;
            }
        }

        return count;
    }

    // In one step of the kernel: who is killed meanwhile has notified and woken, or neither.
    private bool TryNotify(uint ticket)
    {
        if (!Line.IsWaiting(ticket) || Volatile.Read(ref *Notified(ticket)) != 0)
        {
            return false;
        }

        Futex.AddOneAndWakeAll(ref *(int*)Notified(ticket));
        return true;
    }

    // First they are woken: who is killed between has woken them once more than need be.
    private void WakeCrowd()
    {
        if (Volatile.Read(ref *IsCrowded) != 0)
        {
            Futex.AddOneAndWakeAll(ref *(int*)Crowd);
            Volatile.Write(ref *IsCrowded, 0);
        }
    }
}
