using System.Runtime.CompilerServices;
using Fairlead.Native;

namespace Fairlead.Synchronization.Words;

/// <summary>
/// The line of those who wait, in shared memory. Who stands in it owns the word of his place and sleeps on the word of the place before
/// him; the first sleeps on what all wait for. A place that is left, in whatever way, wakes the one behind it: by who leaves, or by the
/// kernel where a process dies. So no wake-up is swallowed by a dead process. Proved in models/mutex.pml.
/// </summary>
/// <param name="start">Where it lies in a <see cref="RobustMemory"/>.</param>
internal readonly unsafe struct Line(byte* start)
{
    /// <summary>The oldest ticket that may still stand.</summary>
    public uint First => Last - LineLayout.MostWaiting + 1;

    /// <summary>The ticket that was given last.</summary>
    public uint Last => Volatile.Read(ref *Given);

    private uint* Given => (uint*)(start + LineLayout.TicketsAt);

    /// <summary>Stands behind all who wait.</summary>
    /// <param name="keeper">Owns the place then.</param>
    /// <param name="ticket">Of the place; or of the one that must be left first, where as many wait as there can be.</param>
    /// <returns>False: there is no room.</returns>
    public bool TryJoin(RobustKeeper keeper, out uint ticket)
    {
        while (true)
        {
            uint next = Volatile.Read(ref *Given) + 1;
            ticket = next - LineLayout.MostWaiting;
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

            // Whoever comes moves the counter on: who has claimed a place may have died since.
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

    /// <summary>Leaves the line; who sleeps behind wakes.</summary>
    public void Leave(RobustKeeper keeper, uint ticket)
    {
        Info(ticket) = default;
        using (keeper.Hold())
        {
            keeper.Release(Word(ticket), keep: 0);
        }
    }

    /// <summary>The nearest before this one who still waits.</summary>
    /// <returns>False: this one is the first.</returns>
    public bool TryFindBefore(uint ticket, out uint before)
    {
        for (before = ticket - 1; before != ticket - LineLayout.MostWaiting; before--)
        {
            if (IsWaiting(before))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Announces that somebody will sleep until a place is left.</summary>
    /// <param name="ticket">Whose place it is.</param>
    /// <param name="value">What its word is then: to sleep on.</param>
    /// <returns>False when it has been left already.</returns>
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

    /// <summary>Whether nobody has come behind this one.</summary>
    public bool IsLast(uint ticket) => Volatile.Read(ref *Given) == ticket;

    /// <summary>Whether the last who has come still waits.</summary>
    public bool IsLastWaiting => IsWaiting(Volatile.Read(ref *Given));
    /// <summary>The word of a place, as it is now, whatever its ticket.</summary>
    public LockWord WordOf(uint ticket) => LockWordOf(Volatile.Read(ref *Place(ticket)));

    /// <summary>The word of a place.</summary>
    public uint* Word(uint ticket) => (uint*)((byte*)Place(ticket) + LineLayout.WordAt);

    /// <summary>Who stands at a place. Written by him alone.</summary>
    public ref Standing Info(uint ticket) => ref Unsafe.AsRef<Standing>((byte*)Place(ticket) + LineLayout.ParticipantAt);

    /// <summary>Whether somebody stands there with this ticket.</summary>
    public bool IsWaiting(uint ticket)
    {
        ulong found = Volatile.Read(ref *Place(ticket));
        return TicketOf(found) == ticket && LockWordOf(found).Owner != 0;
    }

    /// <summary>Whether he who stood there with this ticket has died, and nobody has taken the place since.</summary>
    public bool HasDied(uint ticket)
    {
        ulong found = Volatile.Read(ref *Place(ticket));
        return TicketOf(found) == ticket && LockWordOf(found).HasDied;
    }

    /// <summary>The whole place, of <see cref="LineLayout.PlaceSize"/> bytes: what lies behind the standing is the lock's own.</summary>
    public byte* Beside(uint ticket) => (byte*)Place(ticket);

    private ulong* Place(uint ticket) => (ulong*)(start + LineLayout.PlacesAt + (ticket % LineLayout.Places * LineLayout.PlaceSize));

    private static LockWord LockWordOf(ulong both) => new(BitConverter.IsLittleEndian ? (uint)both : (uint)(both >> 32));

    private static uint TicketOf(ulong both) => BitConverter.IsLittleEndian ? (uint)(both >> 32) : (uint)both;

    private static ulong Both(uint word, uint ticket) =>
        BitConverter.IsLittleEndian ? ((ulong)ticket << 32) | word : ((ulong)word << 32) | ticket;
}
