using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The wait queue in shared memory, step by step.</summary>
public sealed unsafe class WaitQueueTests : IDisposable
{
    private readonly WordsMemory _memory = new(WaitQueueLayout.Size);
    private readonly WaitQueue _line;

    public WaitQueueTests() => _line = new WaitQueue(_memory.Start);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Each_waiter_finds_the_nearest_waiter_before_it()
    {
        Assert.Equal((0u, false), (_line.Last, _line.IsLastWaiting));
        uint one = _memory.Join(_line);
        uint two = _memory.Join(_line);
        uint three = _memory.Join(_line);
        Assert.Equal((1u, 2u, 3u), (one, two, three));
        Assert.Equal((3u, true), (_line.Last, _line.IsLastWaiting));
        Assert.Equal(unchecked(3u - WaitQueueLayout.MostWaiting + 1), _line.First);
        Assert.Equal((false, true), (_line.IsLast(two), _line.IsLast(three)));
        Assert.False(_line.TryFindBefore(one, out _));
        Assert.True(_line.TryFindBefore(two, out uint before));
        Assert.Equal(one, before);
        _line.Leave(_memory.Keeper, two);
        Assert.True(_line.TryFindBefore(three, out before));
        Assert.Equal(one, before);
        Assert.Equal((true, false, true), (_line.IsWaiting(one), _line.IsWaiting(two), _line.IsWaiting(three)));
        _line.Leave(_memory.Keeper, one);
        Assert.False(_line.TryFindBefore(three, out _));
        _line.Leave(_memory.Keeper, three);
        Assert.Equal((3u, false, true), (_line.Last, _line.IsLastWaiting, _line.IsLast(three)));
    }

    [Fact]
    public void A_full_queue_names_the_slot_that_must_be_left_first()
    {
        uint[] tickets = [.. Enumerable.Range(0, WaitQueueLayout.MostWaiting).Select(_ => _memory.Join(_line))];
        Assert.Equal(Enumerable.Range(1, WaitQueueLayout.MostWaiting), tickets.Select(static ticket => (int)ticket));
        Assert.Equal(1u, _line.First);
        Refuse(first: 1);

        // A later place does not help: another waiter may still sleep on the first one.
        _line.Leave(_memory.Keeper, 2);
        Refuse(first: 1);
        Assert.False(_line.TryFindBefore(1, out _));
        Assert.True(_line.TryFindBefore(3, out uint before));
        Assert.Equal(1u, before);
        _line.Leave(_memory.Keeper, 1);
        uint next = _memory.Join(_line);
        Assert.Equal(WaitQueueLayout.MostWaiting + 1u, next);
        Assert.Equal(WaitQueueLayout.MostWaiting + 2u, _memory.Join(_line));
        Refuse(first: 3);
        for (uint ticket = 3; ticket <= WaitQueueLayout.MostWaiting + 2; ticket++)
        {
            _line.Leave(_memory.Keeper, ticket);
        }

        Assert.False(_line.TryFindBefore(WaitQueueLayout.MostWaiting + 3, out _));

        void Refuse(uint first)
        {
            Assert.False(_line.TryJoin(_memory.Keeper, out uint ticket));
            Assert.Equal(first, ticket);
        }
    }

    [Fact]
    public void TryFindBefore_finds_the_farthest_waiter_and_no_waiter_beyond()
    {
        _memory.Join(_line);
        for (uint ticket = 2; ticket <= WaitQueueLayout.MostWaiting; ticket++)
        {
            Assert.Equal(ticket, _memory.Join(_line));
        }

        for (uint ticket = 2; ticket < WaitQueueLayout.MostWaiting; ticket++)
        {
            _line.Leave(_memory.Keeper, ticket);
        }

        Assert.True(_line.TryFindBefore(WaitQueueLayout.MostWaiting, out uint before));
        Assert.Equal(1u, before);
        Assert.False(_line.TryFindBefore(WaitQueueLayout.MostWaiting + 1, out before) && before == 1);
        _line.Leave(_memory.Keeper, 1);
        _line.Leave(_memory.Keeper, WaitQueueLayout.MostWaiting);
    }

    [Fact]
    public void A_slot_is_reused_by_later_tickets_and_ticket_numbers_wrap_around()
    {
        const int Rounds = (2 * WaitQueueLayout.Places) + 3;
        uint from = unchecked(0 - (uint)WaitQueueLayout.Places);
        _memory.At(WaitQueueLayout.TicketsAt) = from;
        for (uint i = 0; i < WaitQueueLayout.Places; i++)
        {
            // The state in which earlier tickets have left their places.
            *Ticket(from - i) = from - i;
        }

        for (uint i = 1; i <= Rounds; i++)
        {
            uint ticket = _memory.Join(_line);
            Assert.Equal(unchecked(from + i), ticket);
            Assert.True(_line.IsWaiting(ticket));
            Assert.False(_line.IsWaiting(ticket - WaitQueueLayout.Places));
            Assert.False(_line.TryFindBefore(ticket, out _));
            Assert.False(_line.PrepareSleep(ticket - WaitQueueLayout.Places, out _));
            _line.Leave(_memory.Keeper, ticket);
        }
    }

    [Fact]
    public void A_waiter_announces_its_sleep_only_in_a_slot_that_it_has_not_left()
    {
        uint ticket = _memory.Join(_line);
        for (int i = 0; i < 2; i++)
        {
            Assert.True(_line.PrepareSleep(ticket, out uint value));
            Assert.Equal(_memory.Keeper.Id | LockWord.SleeperBit, value);
            Assert.Equal(value, _line.WordOf(ticket).Value);
            Assert.Equal(value, *_line.Word(ticket));
        }

        Assert.True(_line.IsWaiting(ticket));
        _line.Leave(_memory.Keeper, ticket);
        Assert.Equal(0u, _line.WordOf(ticket).Value);
        Assert.False(_line.PrepareSleep(ticket, out _));
    }

    [Fact]
    public void A_dead_waiter_is_distinguished_from_a_waiter_that_left()
    {
        uint left = _memory.Join(_line);
        uint dead = _memory.Join(_line);
        _line.Leave(_memory.Keeper, left);
        Assert.False(_line.HasDied(dead));
        _memory.Die(_line, dead);
        Assert.Equal((false, true), (_line.HasDied(left), _line.HasDied(dead)));
        Assert.Equal((false, false), (_line.IsWaiting(dead), _line.HasDied(dead - WaitQueueLayout.Places)));
        Assert.False(_line.PrepareSleep(dead, out _));

        // Its place serves another ticket later.
        for (int i = 0; i < WaitQueueLayout.Places; i++)
        {
            _line.Leave(_memory.Keeper, _memory.Join(_line));
        }

        Assert.False(_line.HasDied(dead));
        Assert.False(_line.HasDied(dead + WaitQueueLayout.Places));
    }

    [Fact]
    public void A_waiter_that_died_before_it_moved_the_counter_is_skipped()
    {
        *Ticket(1) = 1;
        *_line.Word(1) = LockWord.DiedBit;
        Assert.Equal(0u, _line.Last);
        uint ticket = _memory.Join(_line);
        Assert.Equal((2u, 2u), (ticket, _line.Last));
        Assert.True(_line.HasDied(1));
        _line.Leave(_memory.Keeper, ticket);
    }

    [Fact]
    public void A_waiter_is_recorded_in_its_slot_and_erased_by_leaving()
    {
        uint ticket = _memory.Join(_line);
        _line.Info(ticket) = new OwnerInfo { ParticipantId = 1, Process = 2, Thread = 3, Since = 4, Keeper = 5 };
        Assert.Equal(2u, _memory.At(WaitQueueLayout.PlacesAt + ((int)ticket * WaitQueueLayout.PlaceSize) + WaitQueueLayout.ProcessAt));
        Assert.Equal((nint)(_memory.Start + WaitQueueLayout.PlacesAt + (ticket * WaitQueueLayout.PlaceSize)), (nint)_line.Beside(ticket));
        _line.Leave(_memory.Keeper, ticket);
        OwnerInfo after = _line.Info(ticket);
        Assert.Equal((0UL, 0, 0, 0L, 0u), (after.ParticipantId, after.Process, after.Thread, after.Since, after.Keeper));
    }

    // The half of a place that the kernel does not know.
    private uint* Ticket(uint ticket) => (uint*)(_line.Beside(ticket) + sizeof(uint) - WaitQueueLayout.WordAt);
}
