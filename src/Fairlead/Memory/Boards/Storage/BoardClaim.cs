using System.Collections.Concurrent;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Inspection;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Memory.Boards.Storage;

/// <summary>
/// The right to write a cell. The word of the cell's slot carries the number of this process's owner thread: when the process ends, the
/// kernel marks the word, and the next writer takes it. Any number of threads may write by one claim: they take turns.
/// </summary>
internal sealed unsafe class BoardClaim
{
    // A slot is taken at once, unless others change it meanwhile. A process that scribbles there must not hold up this thread.
    private const int Attempts = 1000;

    // A owner thread's list leads through the memory of each, which must stay mapped when the program loses its object.
    private static readonly ConcurrentDictionary<BoardClaim, bool> Held = new();

    // The participant of which it is known that none of its threads runs any more.
    private static ulong _outlasted;

    private readonly BoardCore _core;
    private readonly BoardSlot _slot;
    private readonly RobustKeeper _keeper;
    private readonly RankedLock _writing = new(LockRank.BoardClaim);
    private bool _isReleased;

    private BoardClaim(BoardCore core, BoardSlot slot, RobustKeeper keeper)
    {
        _core = core;
        _slot = slot;
        _keeper = keeper;
    }

    /// <summary>Takes the slot of a cell. By a caller that keeps the memory.</summary>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the cell has a writer that lives, which the error names. Unavailable: the system gives no thread for the owner
    /// thread, or others write into the slot.
    /// </exception>
    public static BoardClaim Take(BoardCore core, BoardSlot slot)
    {
        // The release is in Release.
        core.EnterHolderSlots();
        BoardClaim? claim = null;
        bool isTaken = false;
        try
        {
            claim = new BoardClaim(core, slot, RobustKeeper.Reserve());
            Held[claim] = true;
            claim.TakeHolderSlot();
            isTaken = true;
            core.Add(claim);
            return claim;
        }
        catch
        {
            if (isTaken)
            {
                claim!.Release();
            }
            else
            {
                claim?.End();
                core.ExitHolderSlots();
            }

            throw;
        }
    }

    /// <summary>Returns the owner of a slot; null: none.</summary>
    /// <param name="seat">As it was found.</param>
    /// <param name="standing">The words beside it, as they were found.</param>
    public static LockHolder? WriterIn(LockSlot seat, OwnerInfo standing)
    {
        if (!seat.HasOwner)
        {
            return null;
        }

        // Where another has written it: the owner has just taken the slot, and has not written it down yet.
        int process = standing.Keeper == seat.Word.Owner
            ? standing.Process
            : NativeProcess.OfThread((int)seat.Word.Owner, RobustKeeper.ThreadName, out _) ?? 0;
        return new LockParty(
            new OwnerInfo
            {
                Process = process,
                Since = standing.Keeper == seat.Word.Owner ? standing.Since : Clock.Nanoseconds(),
            },
            seat.Mark
        ).Describe();
    }

    /// <summary>
    /// Writes the next value, and wakes all who wait for it. By a caller that keeps the memory. Threads take turns; a waiter costs a system
    /// call.
    /// </summary>
    /// <returns>False: the claim has been released, and nothing was written.</returns>
    public bool TryWrite<T>(in T value)
        where T : unmanaged
    {
        using (_writing.Hold())
        {
            if (_isReleased)
            {
                return false;
            }

            _slot.Words.Write(in value);

            Ring();
            return true;
        }
    }

    /// <summary>Leaves the slot; another writer may follow. Harmless the second time.</summary>
    public void Release()
    {
        using (_writing.Hold())
        {
            if (_isReleased)
            {
                return;
            }

            _isReleased = true;
        }

        using (_keeper.Hold())
        {
            _core.OwnHolderSlots.Leave(_keeper, _slot.Index);
        }

        _core.Remove(this);
        End();
        _core.ExitHolderSlots();
    }

    /// <summary>Marks the slot of a writer whose process has ended unnoticed, as the kernel would have.</summary>
    /// <param name="core">The board; the caller keeps its memory.</param>
    /// <param name="index">Which.</param>
    /// <returns>Whether it was so: look again.</returns>
    public static bool MarkGone(BoardCore core, int index) =>
        !core.Header.IsMixed && SlotWatch.MarkGone(core.HolderSlots, index, core.HolderSlots[index]);

    private void TakeHolderSlot()
    {
        for (int i = 0; i < Attempts; i++)
        {
            LockSlot found = _core.HolderSlots[_slot.Index];
            if (found.HasOwner)
            {
                if (MarkGone(_core, _slot.Index))
                {
                    continue;
                }

                throw HasWriter(found);
            }

            bool isTaken;
            using (_keeper.Hold())
            {
                isTaken = _core.OwnHolderSlots.TryTake(_keeper, _slot.Index, found, found.Mark + 1);
            }

            if (!isTaken)
            {
                continue;
            }

            if (found.Word.HasDied)
            {
                Outlast(_core.OwnerInfoOf(_slot.Index), found.Mark);
            }

            _core.SignIn(_slot.Index, _keeper, found.Mark + 1);

            // A waiter that is asleep watches the process that was the writer when it fell asleep. It looks again now, and watches this
            // process, which may die between a value and the ring that follows.
            Ring();
            return;
        }

        throw new FairleadException(
            ErrorCode.Unavailable,
            $"{_slot.Description} changed its writer {Attempts} times during an attempt to become it",
            "Find out which programs write there: fairlead list --boards");
    }

    private void Ring()
    {
        // Full: the value, or the slot, is out before the bells are looked at. Its counterpart is in DoorbellWord.Announce.
        Interlocked.MemoryBarrier();
        _slot.Doorbell.Ring();
        _core.Doorbell.Ring();
    }

    // A thread of the dead process may still be in the middle of a write for a moment. Some milliseconds, and a process may have left
    // many cells: so once for each.
    private static void Outlast(OwnerInfo standing, uint mark)
    {
        bool isItsOwn = (uint)standing.Thread == mark;
        if (isItsOwn && standing.ParticipantId == Volatile.Read(ref _outlasted))
        {
            return;
        }

        EndedProcess.Outlast();
        if (isItsOwn)
        {
            Volatile.Write(ref _outlasted, standing.ParticipantId);
        }
    }

    private void End()
    {
        Held.TryRemove(this, out _);
        _keeper.Free();
    }

    private FairleadException HasWriter(LockSlot found)
    {
        LockHolder? writer = WriterIn(found, _core.OwnerInfoOf(_slot.Index));
        return new FairleadException(
            ErrorCode.AlreadyExists,
            $"cannot become the writer of {_slot.Description}: its writer is {writer?.ToString() ?? "a process that has just begun"}",
            "A cell has one writer: end that one first, or write to another cell.")
        {
            Peer = writer?.Peer,
        };
    }
}
