using System.Globalization;
using System.Runtime.CompilerServices;
using Fairlead.Native.Memory;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The wait queue in shared memory. Each waiter owns the word of its slot, and sleeps on the word of the slot before it. The first waiter
/// sleeps on the word that all wait for. Leaving a slot wakes the waiter behind it: the leaver does that, or the kernel if its process
/// dies. So a dead process swallows no wake-up. Verified in models/mutex.pml.
/// </summary>
/// <param name="start">Its address in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct WaitQueue(byte* start)
{
    /// <summary>The oldest ticket that may still be waiting.</summary>
    public uint First => Last - WaitQueueLayout.MostWaiting + 1;

    /// <summary>The latest ticket.</summary>
    public uint Last => Volatile.Read(ref *Given);

    private uint* Given => (uint*)(start + WaitQueueLayout.TicketsAt);

    /// <summary>Joins the queue behind all waiters.</summary>
    /// <param name="keeper">The owner thread of the slot then.</param>
    /// <param name="ticket">The ticket of the slot; or, if the queue is full, of the slot that must become free first.</param>
    /// <returns>False if the queue is full.</returns>
    /// <exception cref="FairleadException">Corrupt: the latest ticket and its slots contradict each other.</exception>
    public bool TryJoin(RobustKeeper keeper, out uint ticket)
    {
        while (true)
        {
            uint next = Volatile.Read(ref *Given) + 1;
            ticket = next - WaitQueueLayout.MostWaiting;
            if (IsWaiting(ticket))
            {
                return false;
            }

            ticket = next;
            ulong* place = Place(ticket);
            ulong found = Volatile.Read(ref *place);
            bool isMine = false;
            if (LockWordOf(found).Owner == 0 && (int)(ticket - TicketOf(found)) > 0)
            {
                using (keeper.Hold())
                {
                    isMine = keeper.TryTake(Word(ticket), place, found, Both(keeper.Id, ticket));
                }
            }
            else if (TicketOf(found) != ticket && Volatile.Read(ref *Given) == ticket - 1)
            {
                // Tickets are claimed one after the other, so the counter would be ahead of a slot with a later ticket. A waiter with
                // an earlier ticket would still be in the queue.
                throw new FairleadException(
                    ErrorCode.Corrupt,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the wait queue of the lock is damaged: ticket {ticket} is next, but its slot has ticket {TicketOf(found)}"),
                    "Another program has written into the memory. Remove the lock when no process uses it, or choose another name.");
            }

            // Every newcomer advances the counter: the process that claimed the slot may have died since.
            if (TicketOf(Volatile.Read(ref *place)) == ticket)
            {
                _ = Interlocked.CompareExchange(ref *Given, ticket, ticket - 1);
            }

            if (isMine)
            {
                return true;
            }
        }
    }

    /// <summary>Leaves the queue, and wakes the sleeper behind.</summary>
    public void Leave(RobustKeeper keeper, uint ticket)
    {
        Info(ticket) = default;
        using (keeper.Hold())
        {
            keeper.Release(Word(ticket), keep: 0);
        }
    }

    /// <summary>Finds the nearest waiter before this one.</summary>
    /// <returns>False if this one is the first.</returns>
    public bool TryFindBefore(uint ticket, out uint before)
    {
        for (before = ticket - 1; before != ticket - WaitQueueLayout.MostWaiting; before--)
        {
            if (IsWaiting(before))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Announces a sleeper, until a slot is left.</summary>
    /// <param name="ticket">The ticket of the slot.</param>
    /// <param name="value">The value of its word to sleep on.</param>
    /// <returns>False if the slot has been left already.</returns>
    public bool PrepareSleep(uint ticket, out uint value)
    {
        ulong* place = Place(ticket);
        while (true)
        {
            ulong found = Volatile.Read(ref *place);
            LockWord word = LockWordOf(found);
            value = word.WithSleeper.Value;
            if (word.Owner == 0 || TicketOf(found) != ticket)
            {
                return false;
            }

            if (word.HasSleeper || Interlocked.CompareExchange(ref *place, Both(value, ticket), found) == found)
            {
                return true;
            }
        }
    }

    /// <summary>Whether no waiter has joined behind this one.</summary>
    public bool IsLast(uint ticket) => Volatile.Read(ref *Given) == ticket;

    /// <summary>Whether the waiter that joined last still waits.</summary>
    public bool IsLastWaiting => IsWaiting(Volatile.Read(ref *Given));
    /// <summary>The current word of a slot, whatever its ticket.</summary>
    public LockWord WordOf(uint ticket) => LockWordOf(Volatile.Read(ref *Place(ticket)));

    /// <summary>The address of the word of a slot.</summary>
    public uint* Word(uint ticket) => (uint*)((byte*)Place(ticket) + WaitQueueLayout.WordAt);

    /// <summary>The owner info of a slot. Only its owner writes it.</summary>
    public ref OwnerInfo Info(uint ticket) => ref Unsafe.AsRef<OwnerInfo>((byte*)Place(ticket) + WaitQueueLayout.ParticipantAt);

    /// <summary>Whether a waiter with this ticket owns the slot.</summary>
    public bool IsWaiting(uint ticket)
    {
        ulong found = Volatile.Read(ref *Place(ticket));
        return TicketOf(found) == ticket && LockWordOf(found).Owner != 0;
    }

    /// <summary>Whether the waiter with this ticket has died and no other has taken the slot since.</summary>
    public bool HasDied(uint ticket)
    {
        ulong found = Volatile.Read(ref *Place(ticket));
        return TicketOf(found) == ticket && LockWordOf(found).HasDied;
    }

    /// <summary>The whole slot, of <see cref="WaitQueueLayout.PlaceSize"/> bytes; the lock may use what follows the owner info.</summary>
    public byte* Beside(uint ticket) => (byte*)Place(ticket);

    private ulong* Place(uint ticket) =>
        (ulong*)(start + WaitQueueLayout.PlacesAt + (ticket % WaitQueueLayout.Places * WaitQueueLayout.PlaceSize));

    private static LockWord LockWordOf(ulong both) => new(BitConverter.IsLittleEndian ? (uint)both : (uint)(both >> 32));

    private static uint TicketOf(ulong both) => BitConverter.IsLittleEndian ? (uint)(both >> 32) : (uint)both;

    private static ulong Both(uint word, uint ticket) =>
        BitConverter.IsLittleEndian ? ((ulong)ticket << 32) | word : ((ulong)word << 32) | ticket;
}
