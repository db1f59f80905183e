using System.Runtime.CompilerServices;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed unsafe class SeatsTests : IDisposable
{
    private const int Count = 7;

    // A number that no thread can have.
    private const uint Nobody = 0x2fff_ffff;

    private readonly RobustMemory _memory;
    private readonly RobustKeeper _keeper = RobustKeeper.Reserve();

    public SeatsTests()
    {
        using Descriptor file = MemoryFile.Create("seats", Environment.SystemPageSize);
        _memory = new RobustMemory(file, 0, Environment.SystemPageSize);
    }

    public void Dispose()
    {
        _keeper.Free();
        _memory.Dispose();
    }

    [Theory]
    [InlineData(Seats.SmallestSize)]
    [InlineData(64)]
    public void Each_is_taken_and_left_by_itself(int size)
    {
        Seats seats = new(_memory.Shared, Count, size);
        for (int i = 0; i < Count; i++)
        {
            Assert.True(seats.TryFindFree(3, out int index, out Seat found));
            Assert.Equal(((3 + i) % Count, default), (index, found));
            Take(seats, index, found, mark: (uint)(10 + index));
            *(long*)seats.Beside(index) = index;
        }

        Assert.False(seats.TryFindFree(5, out int none, out _));
        Assert.Equal(-1, none);
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(new Seat(new LockWord(_keeper.Id), (uint)(10 + i)), seats[i]);
            Assert.True(seats[i].HasOwner);
            Assert.Equal(i, *(long*)seats.Beside(i));
        }

        Leave(seats, 4);
        Assert.Equal((false, 14u), (seats[4].HasOwner, seats[4].Mark));
        Assert.True(seats.TryFindFree(5, out int left, out Seat before));
        Assert.Equal(4, left);
        using (_keeper.Hold())
        {
            Assert.False(seats.TryTake(_keeper, left, default, mark: 0));
            Assert.False(seats.TryTake(_keeper, 3, before, mark: 0));
            Assert.True(seats.TryTake(_keeper, left, before, mark: 0));
        }

        Empty(seats);
    }

    [Fact]
    public void A_moved_one_is_neither_free_nor_anybodys()
    {
        Seats seats = new(_memory.Shared, Count, Seats.SmallestSize);
        Seat moved = new(new LockWord(Seats.Moved), 1);
        for (int i = 0; i < Count; i++)
        {
            Assert.True(seats.TryChange(i, default, moved));
            Assert.False(seats.TryChange(i, default, moved));
            Assert.False(seats[i].HasOwner);
        }

        Assert.False(seats.TryFindFree(0, out _, out _));
        Assert.False(SeatWatch.MarkGone(seats));
        Take(seats, 2, moved, mark: 0);
        Leave(seats, 2);
        Assert.True(seats.TryFindFree(0, out int index, out _));
        Assert.Equal(2, index);
    }

    [Fact]
    public void Those_of_processes_that_are_gone_are_marked_as_the_kernel_does()
    {
        Seats seats = new(_memory.Shared, Count, Seats.SmallestSize);
        Take(seats, 0, default, mark: 0);
        Assert.False(SeatWatch.MarkGone(seats));
        Assert.True(seats.TryChange(1, default, new Seat(new LockWord(Nobody), 5)));
        Assert.True(seats.TryChange(2, default, new Seat(new LockWord(Nobody), 6)));
        Assert.True(SeatWatch.MarkGone(seats));
        Assert.Equal((true, 0u, 5u), (seats[1].Word.HasDied, seats[1].Word.Owner, seats[1].Mark));
        Assert.True(seats[2].Word.HasDied);
        Assert.True(seats[0].HasOwner);
        Assert.False(SeatWatch.MarkGone(seats));
        Assert.True(seats.TryFindFree(0, out int index, out Seat found));
        Assert.True(found.Word.HasDied);
        Take(seats, index, found, mark: 0);
        Assert.False(seats[index].Word.HasDied);
        Empty(seats);
    }

    [Fact]
    public void A_seat_has_two_words_and_room_beside()
    {
        Seats seats = new(_memory.Shared, Count, Seats.SmallestSize);
        Take(seats, 1, default, mark: 7);
        Assert.Equal(
            (_keeper.Id, 7u),
            (
                Unsafe.Read<uint>(_memory.Shared + 16 + LineLayout.WordAt),
                Unsafe.Read<uint>(_memory.Shared + 16 + sizeof(uint) - LineLayout.WordAt)));
        Assert.Equal(24, seats.Beside(1) - _memory.Shared);
        Empty(seats);
    }

    private void Take(Seats seats, int index, Seat found, uint mark)
    {
        using (_keeper.Hold())
        {
            Assert.True(seats.TryTake(_keeper, index, found, mark));
        }
    }

    private void Leave(Seats seats, int index)
    {
        using (_keeper.Hold())
        {
            seats.Leave(_keeper, index);
        }
    }

    // Words on the keeper's list must leave it before the memory is freed.
    private void Empty(Seats seats)
    {
        for (int i = 0; i < Count; i++)
        {
            if (seats[i].HasOwner)
            {
                Leave(seats, i);
            }
        }
    }
}
