using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a semaphore, one at a time.</summary>
public sealed unsafe class SemaphoreWordsTests : IDisposable
{
    private const int Permits = 2;
    private const int Maximum = 4;
    private const uint Posting = uint.MaxValue;

    // With one slot too many, which does not belong to the semaphore.
    private readonly WordsMemory _memory = new(SemaphoreLayout.Size(Maximum + 1));
    private readonly SemaphoreWords _words;

    public SemaphoreWordsTests() => _words = new SemaphoreWords(_memory.Start, Permits, Maximum);

    public void Dispose() => _memory.Dispose();

    private LockSlots Seats => _words.Slots;

    [Fact]
    public void The_options_contain_permits_and_maximum()
    {
        uint options = SemaphoreLayout.Options(SemaphoreLayout.MostPermits, 3);
        Assert.Equal(0x1000_0003u, options);
        Assert.Equal((SemaphoreLayout.MostPermits, 3), (SemaphoreLayout.Permits(options), SemaphoreLayout.Maximum(options)));
    }

    [Fact]
    public void The_first_unused_slots_are_permits_and_the_others_moved()
    {
        Assert.Equal([true, true, false, false], Enumerable.Range(0, Maximum).Select(i => _words.IsFree(i, Seats[i])));
        Assert.Equal(Permits, _words.CountFree());
        Assert.True(_words.TryFindFree(1, out int index, out _));
        Assert.Equal(1, index);
        Assert.True(_words.TryFindFree(2, out index, out LockSlot found));
        Assert.Equal((0, default), (index, found));
        int from = 0;
        Assert.True(_words.TryFindMoved(ref from, out _));
        Assert.Equal(2, from);
        from = 3;
        Assert.True(_words.TryFindMoved(ref from, out _));
        Assert.Equal(3, from);
        from = 4;
        Assert.False(_words.TryFindMoved(ref from, out _));
        Assert.True(Seats.TryChange(Maximum, default, new LockSlot(default, 1u << 31)));
        Assert.Equal(Permits, _words.CountFree());
    }

    [Fact]
    public void Entering_takes_a_permit_and_leaving_gives_it_back()
    {
        Enter(0, default, thread: 77);
        Assert.Equal((1, 77), (_words.CountFree(), SemaphoreWords.Thread(Seats[0])));
        Assert.Equal(_memory.Keeper.Id, Seats[0].Word.Owner);
        Assert.False(SemaphoreWords.IsBeingPosted(Seats[0]));
        Enter(1, default, thread: 0);
        Assert.Equal(0, SemaphoreWords.Thread(Seats[1]));
        Assert.False(_words.TryFindFree(0, out int index, out LockSlot found));
        Assert.Equal((-1, default), (index, found));
        int from = 0;
        Assert.True(_words.TryFindMoved(ref from, out _));
        Assert.Equal(2, from);
        using (_memory.Keeper.Hold())
        {
            Assert.False(_words.TryEnter(_memory.Keeper, 0, default, 78));
            Seats.Leave(_memory.Keeper, 0);
            Seats.Leave(_memory.Keeper, 1);
        }

        Assert.Equal(Permits, _words.CountFree());
    }

    [Fact]
    public void A_permit_can_be_removed_and_posted_again()
    {
        Assert.True(_words.TryMove(0, default));
        Assert.False(_words.TryMove(0, default));
        Assert.Equal(1, _words.CountFree());
        int from = 0;
        Assert.True(_words.TryFindMoved(ref from, out LockSlot moved));
        Assert.Equal((0, LockSlots.Moved), (from, moved.Word.Owner));
        BeginPost(0, moved);
        Assert.True(SemaphoreWords.IsBeingPosted(Seats[0]));
        Assert.Equal(1, _words.CountFree());
        EndPost(0, isFree: false);
        Assert.Equal(1, _words.CountFree());
        Assert.Equal(LockSlots.Moved, Seats[0].Word.Owner);
        BeginPost(0, Seats[0]);
        EndPost(0, isFree: true);
        Assert.Equal(Permits, _words.CountFree());
        Assert.True(_words.IsFree(0, Seats[0]));

        // An unused permit is posted too, and stays free.
        BeginPost(2, default);
        EndPost(2, isFree: true);
        Assert.Equal(Permits + 1, _words.CountFree());
    }

    [Theory]
    [InlineData(0, LockWord.DiedBit, 0x8000_004du, true)]
    [InlineData(3, LockWord.DiedBit, 0x8000_004du, true)]
    [InlineData(0, LockWord.DiedBit, Posting, false)]
    [InlineData(3, 0u, 0x8000_0000u, true)]
    [InlineData(3, 0u, Posting, true)]
    [InlineData(0, 77u, 0x8000_004du, false)]
    [InlineData(0, LockSlots.Moved, 0x8000_0000u, false)]
    public void The_permit_of_a_dead_process_is_free_unless_it_was_posting(int index, uint word, uint mark, bool isFree)
    {
        LockSlot slot = new(new LockWord(word), mark);
        Assert.Equal(isFree, _words.IsFree(index, slot));
        Assert.True(Seats.TryChange(index, default, slot));
        int before = index < Permits ? 1 : 2;
        Assert.Equal(before + (isFree ? 1 : 0), _words.CountFree());
    }

    [Fact]
    public void A_waiter_in_the_queue_closes_the_semaphore()
    {
        Assert.False(_words.IsClosed);
        uint ticket = _memory.Join(_words.WaitQueue);
        Assert.True(_words.IsClosed);
        _words.Want(ticket);
        _words.WaitQueue.Leave(_memory.Keeper, ticket);
        Assert.True(_words.IsClosed);
        _words.WantNoMore(ticket);
        Assert.False(_words.IsClosed);
    }

    [Fact]
    public void Leaving_rings_the_doorbell_while_a_permit_is_wanted()
    {
        _words.Ring();
        Assert.Equal(0u, *_words.Doorbell);
        uint first = _memory.Join(_words.WaitQueue);
        _words.Want(first);
        _words.Want(first);
        _words.Ring();
        Assert.Equal(1u, *_words.Doorbell);

        // The last waiter, which has come since, takes over the request; an earlier one cannot withdraw it.
        uint last = _memory.Join(_words.WaitQueue);
        _words.WantNoMore(first);
        Assert.Equal(Wanted(first), Wanted());
        _words.Want(last);
        Assert.Equal(Wanted(last), Wanted());
        _words.Want(first);
        Assert.Equal(Wanted(last), Wanted());
        _words.WantNoMore(last);
        Assert.Equal(0UL, Wanted());
        _words.Ring();
        Assert.Equal(1u, *_words.Doorbell);
        _words.WaitQueue.Leave(_memory.Keeper, first);
        _words.WaitQueue.Leave(_memory.Keeper, last);

        ulong Wanted(uint? ticket = null) => ticket is { } of ? (1UL << 32) | of : *(ulong*)(_memory.Start + SemaphoreLayout.WantedAt);
    }

    private void Enter(int index, LockSlot found, int thread)
    {
        using (_memory.Keeper.Hold())
        {
            Assert.True(_words.TryEnter(_memory.Keeper, index, found, thread));
        }
    }

    private void BeginPost(int index, LockSlot found)
    {
        using (_memory.Keeper.Hold())
        {
            Assert.True(_words.TryBeginPost(_memory.Keeper, index, found));
        }
    }

    private void EndPost(int index, bool isFree)
    {
        using (_memory.Keeper.Hold())
        {
            _words.EndPost(_memory.Keeper, index, isFree);
        }
    }
}
