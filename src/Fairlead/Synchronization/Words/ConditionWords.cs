using Fairlead.Native.Memory;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The steps of a condition in shared memory. None of them waits. Each waiter has a slot in the queue, and sleeps until that slot is
/// notified. All changes happen under the mutex of the condition, except that waiters leave their slots, alive or dead. If the owner of a
/// notified slot dies, a waiter behind it wakes in its place. Verified in models/condition.pml.
/// </summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct ConditionWords(byte* start)
{
    public LockHeader Header => new(start, ConditionLayout.Magic);

    public WaitQueue WaitQueue => new(start + ConditionLayout.WaitQueueAt);

    /// <summary>The word that waiters sleep on if the queue has no free slot. Any notification wakes all of them.</summary>
    public uint* Overflow => (uint*)(start + ConditionLayout.OverflowAt);

    private uint* IsCrowded => (uint*)(start + ConditionLayout.IsCrowdedAt);

    /// <summary>Joins the queue. Under the mutex.</summary>
    /// <param name="keeper">The owner thread of the slot then.</param>
    /// <param name="ticket">The ticket of the slot.</param>
    /// <returns>False if the queue is full.</returns>
    public bool TryJoin(RobustKeeper keeper, out uint ticket)
    {
        if (!WaitQueue.TryJoin(keeper, out ticket))
        {
            return false;
        }

        // Clear the value of an earlier waiter. No process notifies meanwhile, and could mean this one.
        Volatile.Write(ref *Notified(ticket), 0);
        return true;
    }

    /// <summary>Waits outside the queue. Under the mutex.</summary>
    /// <returns>The value of <see cref="Overflow"/> until the next notification.</returns>
    public uint JoinOverflow()
    {
        Volatile.Write(ref *IsCrowded, 1);
        return Volatile.Read(ref *Overflow);
    }

    /// <summary>The word that the owner of a slot sleeps on: 0 until it is notified.</summary>
    public uint* Notified(uint ticket) => (uint*)(WaitQueue.Beside(ticket) + ConditionLayout.NotifiedAt);

    /// <summary>Wakes the waiter that has waited longest and has not been notified. Under the mutex.</summary>
    public void NotifyOne()
    {
        WakeOverflow();
        for (uint ticket = WaitQueue.First; ticket != WaitQueue.Last + 1; ticket++)
        {
            // Check once more: a waiter that had died by then takes no notification with it. If it dies later, the waiters behind it
            // notice.
            if (TryNotify(ticket) && WaitQueue.IsWaiting(ticket))
            {
                return;
            }
        }
    }

    /// <summary>Wakes all waiters. Under the mutex.</summary>
    public void NotifyAll()
    {
        WakeOverflow();
        NotifyWaitQueue();
    }

    /// <summary>
    /// Wakes all waiters in the queue, for a notified waiter that could not enter the mutex. It runs outside the mutex, so it
    /// chooses none of them.
    /// </summary>
    public void NotifyWaitQueue()
    {
        for (uint ticket = WaitQueue.First; ticket != WaitQueue.Last + 1; ticket++)
        {
            _ = TryNotify(ticket);
        }
    }

    /// <summary>
    /// Counts the waiters before this one that were notified and died before they could act on it. Only grows while this one is in the
    /// queue.
    /// </summary>
    public int CountMissing(uint ticket)
    {
        int count = 0;
        for (uint before = ticket - 1; before != ticket - WaitQueueLayout.MostWaiting; before--)
        {
            if (WaitQueue.HasDied(before) && Volatile.Read(ref *Notified(before)) != 0)
            {
                count++;
            }
        }

        return count;
    }

    // One step of the kernel: a process killed meanwhile has notified and woken, or neither.
    private bool TryNotify(uint ticket)
    {
        if (!WaitQueue.IsWaiting(ticket) || Volatile.Read(ref *Notified(ticket)) != 0)
        {
            return false;
        }

        Futex.AddOneAndWakeAll(ref *(int*)Notified(ticket));
        return true;
    }

    // Wake first: a process killed in between has woken the waiters once more than needed.
    private void WakeOverflow()
    {
        if (Volatile.Read(ref *IsCrowded) != 0)
        {
            Futex.AddOneAndWakeAll(ref *(int*)Overflow);
            Volatile.Write(ref *IsCrowded, 0);
        }
    }
}
