using Fairlead.Synchronization.Words;
using Fairlead.Tests.Native;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a mutex, one at a time.</summary>
public sealed unsafe class MutexWordsTests : IDisposable
{
    private readonly WordsMemory _memory = new(MutexLayout.Size);
    private readonly MutexWords _words;

    public MutexWordsTests() => _words = new MutexWords(_memory.Start);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Only_an_idle_mutex_is_taken_immediately()
    {
        Assert.True(TryTake());
        Assert.Equal(new LockWord(_memory.Keeper.Id), _words.Word);
        Assert.False(TryTake());
        Leave();
        Assert.True(_words.Word.IsIdle);
        foreach (uint closed in (uint[])[LockWord.SleeperBit, LockWord.DiedBit, WordsMemory.Dead])
        {
            *_words.WordPlace = closed;
            Assert.False(TryTake());
            Assert.Equal(closed, _words.Word.Value);
        }
    }

    [Theory]
    [InlineData(0u, false, 0u)]
    [InlineData(LockWord.SleeperBit, false, LockWord.SleeperBit)]
    [InlineData(LockWord.DiedBit, false, LockWord.DiedBit)]
    [InlineData(77u, true, 77u | LockWord.SleeperBit)]
    [InlineData(77u | LockWord.SleeperBit, true, 77u | LockWord.SleeperBit)]
    public void The_first_waiter_sleeps_only_while_there_is_an_owner(uint found, bool mustSleep, uint value)
    {
        *_words.WordPlace = found;
        Assert.Equal((mustSleep, value), (_words.MustSleep(out uint seen), seen));
        Assert.Equal(value, _words.Word.Value);
    }

    [Fact]
    public void A_mutex_stays_closed_when_it_is_left_while_a_waiter_sleeps()
    {
        Assert.True(TryTake());
        Assert.True(_words.MustSleep(out _));
        using TestThread sleeper = WordsMemory.SleepOn(_words.WordPlace);
        Leave();
        sleeper.Join();
        Assert.Equal(LockWord.SleeperBit, _words.Word.Value);
        Assert.False(TryTake());
    }

    [Theory]
    [InlineData(WordsMemory.Dead, LockWord.DiedBit)]
    [InlineData(WordsMemory.Dead | LockWord.SleeperBit, LockWord.DiedBit | LockWord.SleeperBit)]
    public void A_dead_owner_is_replaced_by_a_mark_and_sleepers_wake(uint found, uint marked)
    {
        *_words.WordPlace = found;
        using TestThread one = WordsMemory.SleepOn(_words.WordPlace);
        using TestThread two = WordsMemory.SleepOn(_words.WordPlace);
        MutexWords.Abandon(_words.WordPlace, found);
        Assert.Equal(marked, _words.Word.Value);
        one.Join();
        two.Join();

        // A word that has another owner by then stays unchanged.
        *_words.WordPlace = 77;
        MutexWords.Abandon(_words.WordPlace, found);
        Assert.Equal(77u, _words.Word.Value);
    }

    [Fact]
    public void Doubt_and_entries_are_recorded()
    {
        Assert.False(_words.IsInDoubt);
        _words.IsInDoubt = true;
        Assert.True(_words.IsInDoubt);
        _words.IsInDoubt = false;
        Assert.False(_words.IsInDoubt);
        _words.Count();
        _words.Count();
        Assert.Equal(2u, _words.Entries);
        _words.Owner.Process = 42;
        Assert.Equal(42u, _memory.At(MutexLayout.ProcessAt));
    }

    [Theory]
    [InlineData(LockWord.SleeperBit | LockWord.DiedBit | 7u, LockWord.SleeperBit)]
    [InlineData(7u, 0u)]
    public void A_leaver_keeps_the_mark_of_a_sleeper(uint value, uint left) => Assert.Equal(left, new LockWord(value).Left.Value);

    private bool TryTake()
    {
        using (_memory.Keeper.Hold())
        {
            return _words.TryTakeIdle(_memory.Keeper);
        }
    }

    private void Leave()
    {
        using (_memory.Keeper.Hold())
        {
            _words.Leave(_memory.Keeper);
        }
    }
}
