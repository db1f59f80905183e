using System.Runtime.CompilerServices;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed unsafe class LockSlotsTests : IDisposable
{
    private const int Count = 7;

    // A number that no thread can have.
    private const uint Nobody = 0x2fff_ffff;

    private readonly RobustMemory _memory;
    private readonly RobustKeeper _keeper = RobustKeeper.Reserve();

    public LockSlotsTests()
    {
        using Descriptor file = MemoryFile.Create("slots", Environment.SystemPageSize);
        _memory = new RobustMemory(file, 0, Environment.SystemPageSize);
    }

    public void Dispose()
    {
        _keeper.Free();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(LockSlots.SmallestSize)]
    [InlineData(64)]
    public void Each_slot_is_taken_and_left_independently(int size)
    {
        LockSlots slots = new(_memory.Shared, Count, size);
        for (int i = 0; i < Count; i++)
        {
            Assert.True(slots.TryFindFree(3, out int index, out LockSlot found));
            Assert.Equal(((3 + i) % Count, default), (index, found));
            Take(slots, index, found, mark: (uint)(10 + index));
            *(long*)slots.Beside(index) = index;
        }

        Assert.False(slots.TryFindFree(5, out int none, out _));
        Assert.Equal(-1, none);
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(new LockSlot(new LockWord(_keeper.Id), (uint)(10 + i)), slots[i]);
            Assert.True(slots[i].HasOwner);
            Assert.Equal(i, *(long*)slots.Beside(i));
        }

        Leave(slots, 4);
        Assert.Equal((false, 14u), (slots[4].HasOwner, slots[4].Mark));
        Assert.True(slots.TryFindFree(5, out int left, out LockSlot before));
        Assert.Equal(4, left);
        using (_keeper.Hold())
        {
            Assert.False(slots.TryTake(_keeper, left, default, mark: 0));
            Assert.False(slots.TryTake(_keeper, 3, before, mark: 0));
            Assert.True(slots.TryTake(_keeper, left, before, mark: 0));
        }

        Empty(slots);
    }

    [Fact]
    public void A_moved_slot_is_neither_free_nor_owned()
    {
        LockSlots slots = new(_memory.Shared, Count, LockSlots.SmallestSize);
        LockSlot moved = new(new LockWord(LockSlots.Moved), 1);
        for (int i = 0; i < Count; i++)
        {
            Assert.True(slots.TryChange(i, default, moved));
            Assert.False(slots.TryChange(i, default, moved));
            Assert.False(slots[i].HasOwner);
        }

        Assert.False(slots.TryFindFree(0, out _, out _));
        Assert.False(SlotWatch.MarkGone(slots));
        Take(slots, 2, moved, mark: 0);
        Leave(slots, 2);
        Assert.True(slots.TryFindFree(0, out int index, out _));
        Assert.Equal(2, index);
    }

    [Fact]
    public void Slots_of_processes_that_no_longer_exist_are_marked_as_the_kernel_marks_them()
    {
        LockSlots slots = new(_memory.Shared, Count, LockSlots.SmallestSize);
        Take(slots, 0, default, mark: 0);
        Assert.False(SlotWatch.MarkGone(slots));
        Assert.True(slots.TryChange(1, default, new LockSlot(new LockWord(Nobody), 5)));
        Assert.True(slots.TryChange(2, default, new LockSlot(new LockWord(Nobody), 6)));
        Assert.True(SlotWatch.MarkGone(slots));
        Assert.Equal((true, 0u, 5u), (slots[1].Word.HasDied, slots[1].Word.Owner, slots[1].Mark));
        Assert.True(slots[2].Word.HasDied);
        Assert.True(slots[0].HasOwner);
        Assert.False(SlotWatch.MarkGone(slots));
        Assert.True(slots.TryFindFree(0, out int index, out LockSlot found));
        Assert.True(found.Word.HasDied);
        Take(slots, index, found, mark: 0);
        Assert.False(slots[index].Word.HasDied);
        Empty(slots);
    }

    [Fact]
    public void A_slot_has_two_words_and_further_space()
    {
        LockSlots slots = new(_memory.Shared, Count, LockSlots.SmallestSize);
        Take(slots, 1, default, mark: 7);
        Assert.Equal(
            (_keeper.Id, 7u),
            (
                Unsafe.Read<uint>(_memory.Shared + 16 + WaitQueueLayout.WordAt),
                Unsafe.Read<uint>(_memory.Shared + 16 + sizeof(uint) - WaitQueueLayout.WordAt)));
        Assert.Equal(24, slots.Beside(1) - _memory.Shared);
        Empty(slots);
    }

    private void Take(LockSlots slots, int index, LockSlot found, uint mark)
    {
        using (_keeper.Hold())
        {
            Assert.True(slots.TryTake(_keeper, index, found, mark));
        }
    }

    private void Leave(LockSlots slots, int index)
    {
        using (_keeper.Hold())
        {
            slots.Leave(_keeper, index);
        }
    }

    // Words on the keeper's list must leave it before the memory is freed.
    private void Empty(LockSlots slots)
    {
        for (int i = 0; i < Count; i++)
        {
            if (slots[i].HasOwner)
            {
                Leave(slots, i);
            }
        }
    }
}
