using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a barrier, one at a time.</summary>
public sealed unsafe class BarrierWordsTests : IDisposable
{
    private const int Parties = 3;
    private const uint Party = 1;

    // With one slot too many, which does not belong to the barrier.
    private readonly WordsMemory _memory = new(BarrierLayout.Size(Parties + 1));
    private readonly BarrierWords _words;

    public BarrierWordsTests() => _words = new BarrierWords(_memory.Start, Parties);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void The_parts_of_a_barrier_are_at_their_documented_offsets()
    {
        Assert.Equal((nint)_memory.Start + BarrierLayout.WaitQueueAt + WaitQueueLayout.PlacesAt, (nint)_words.WaitQueue.Beside(0));
        Assert.Equal((nint)_memory.Start + BarrierLayout.GuardAt + MutexLayout.WordAt, (nint)_words.Guard.WordPlace);
        Assert.Equal((nint)_memory.Start + BarrierLayout.SlotsAt + WaitQueueLayout.WordAt, (nint)_words.Slots.Word(0));
    }

    [Fact]
    public void A_state_counts_arrivals_resets_and_phases()
    {
        BarrierState begun = default;
        BarrierState two = begun.WithArrival.WithArrival;
        Assert.Equal((2, false, 0L), (two.Arrived, two.IsBroken, two.Phase));
        Assert.Equal(1, two.WithoutArrival.Arrived);
        BarrierState next = two.Completed;
        Assert.Equal((0, false, 1L), (next.Arrived, next.IsBroken, next.Phase));
        BarrierState broken = next.WithArrival.Broken;
        Assert.Equal((0, true, 1L), (broken.Arrived, broken.IsBroken, broken.Phase));
        BarrierState reset = broken.Reset;
        Assert.Equal((0, false, 1L), (reset.Arrived, reset.IsBroken, reset.Phase));
        Assert.Equal((1UL << 19) | (1UL << 11), reset.Value);
        Assert.Equal((2UL << 19) | (1UL << 11), reset.WithArrival.Completed.Value);

        // Resets are counted modulo 256, and do not carry into the phase.
        for (int i = 1; i < 256; i++)
        {
            reset = reset.WithArrival.Broken.Reset;
        }

        Assert.Equal(1UL << 19, reset.Value);
        Assert.Equal(1023, new BarrierState(1023).Arrived);
        Assert.Equal((0, true), (new BarrierState(1023).Broken.Arrived, new BarrierState(1023).Broken.IsBroken));
    }

    [Fact]
    public void An_arrival_is_pending_completed_or_broken()
    {
        BarrierState arrived = default(BarrierState).WithArrival;
        Assert.Equal(BarrierOutcome.Pending, arrived.Of(arrived));
        Assert.Equal(BarrierOutcome.Pending, arrived.WithArrival.Of(arrived));
        Assert.Equal(BarrierOutcome.Completed, arrived.Completed.Of(arrived));
        Assert.Equal(BarrierOutcome.Completed, arrived.Completed.Broken.Of(arrived));
        Assert.Equal(BarrierOutcome.Broken, arrived.Broken.Of(arrived));
        Assert.Equal(BarrierOutcome.Broken, arrived.Broken.Reset.Of(arrived));
    }

    [Fact]
    public void The_last_arrival_completes_the_phase()
    {
        Assert.True(_words.TryArrive(_words.State, out bool isLast));
        Assert.False(isLast);
        BarrierState first = _words.State;
        Assert.True(_words.TryArrive(first, out isLast));
        Assert.False(isLast);
        Assert.False(_words.TryArrive(first, out _));
        Assert.Equal(BarrierOutcome.TakenBack, _words.TakeBack(first, out BarrierState found));
        Assert.Equal((2, 1), (found.Arrived, _words.State.Arrived));
        Assert.True(_words.TryArrive(_words.State, out _));
        Assert.True(_words.TryArrive(_words.State, out isLast));
        Assert.True(isLast);
        Assert.Equal((0, 1L), (_words.State.Arrived, _words.State.Phase));
        Assert.Equal(BarrierOutcome.Completed, _words.TakeBack(first, out found));
        Assert.Equal((0, 1L), (_words.State.Arrived, found.Phase));
    }

    [Fact]
    public void A_slot_becomes_a_party_in_two_steps()
    {
        Assert.True(_words.TryFindFree(1, out int index, out LockSlot found));
        Assert.Equal((1, default), (index, found));
        Take(1, found);
        Assert.False(BarrierWords.IsParty(_words.Slots[1]));
        Assert.True(_words.TryFindFree(1, out index, out _));
        Assert.Equal(2, index);
        Assert.True(_words.TryJoin(_memory.Keeper, 1));
        Assert.True(BarrierWords.IsParty(_words.Slots[1]));
        Assert.False(_words.TryJoin(_memory.Keeper, 1));
        Take(2, default);
        Assert.True(_words.TryFindFree(2, out index, out _));
        Assert.Equal(0, index);
        Take(0, default);
        Assert.False(_words.TryFindFree(0, out index, out _));
        Assert.Equal(-1, index);
        for (int i = 0; i < Parties; i++)
        {
            Leave(i);
        }

        // The mark stays, but the party has left.
        Assert.False(BarrierWords.IsParty(_words.Slots[1]));
        Assert.False(_words.TryFindDead(0, out _, out _));
    }

    [Fact]
    public void The_slot_of_a_dead_party_is_found_and_freed()
    {
        Mark(0, LockWord.DiedBit, Party);
        Mark(1, LockWord.DiedBit, 0);
        Mark(2, LockWord.DiedBit, Party);
        Assert.True(_words.TryFindDead(0, out int index, out LockSlot dead));
        Assert.Equal((0, Party), (index, dead.Mark));
        Assert.True(_words.TryFindDead(1, out index, out _));
        Assert.Equal(2, index);

        // Only the one that died before it was a party is free.
        Assert.True(_words.TryFindFree(2, out index, out _));
        Assert.Equal(1, index);
        _words.Free(0, dead);
        Mark(Parties, LockWord.DiedBit, Party);
        Assert.Equal(default, _words.Slots[0]);
        Assert.False(_words.TryFindDead(3, out _, out _));
        Assert.True(_words.TryFindFree(2, out index, out _));
        Assert.Equal(0, index);
    }

    [Fact]
    public void A_barrier_breaks_only_from_the_state_that_was_read_and_the_guard_owner_resets_it()
    {
        _words.OwnerInfo(2).Process = 4242;
        BarrierState before = _words.State;
        Assert.True(_words.TryArrive(before, out _));
        _words.Break(before, 2);
        Assert.Equal((false, 0u), (_words.State.IsBroken, *_words.Doorbell));
        _words.Break(_words.State, 2);
        Assert.Equal((true, 4242, 1u), (_words.State.IsBroken, _words.Dead, *_words.Doorbell));
        _words.Reset();
        Assert.Equal((false, 0, 0L), (_words.State.IsBroken, _words.State.Arrived, _words.State.Phase));
        _words.Ring();
        Assert.Equal(2u, *_words.Doorbell);
    }

    private void Mark(int slot, uint word, uint mark) =>
        Assert.True(_words.Slots.TryChange(slot, default, new LockSlot(new LockWord(word), mark)));

    private void Take(int slot, LockSlot found)
    {
        using (_memory.Keeper.Hold())
        {
            Assert.True(_words.TryTake(_memory.Keeper, slot, found));
        }
    }

    private void Leave(int slot)
    {
        using (_memory.Keeper.Hold())
        {
            _words.Slots.Leave(_memory.Keeper, slot);
        }
    }
}
