using Fairlead.Synchronization.Words;
using Fairlead.Tests.Native;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a count, one at a time.</summary>
public sealed unsafe class CountWordsTests : IDisposable
{
    private const uint Sleeper = 1;
    private const uint One = 2;

    private readonly WordsMemory _memory = new(CountLayout.Size);
    private readonly CountWords _words;

    public CountWordsTests() => _words = new CountWords(_memory.Start);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void A_count_has_the_documented_layout()
    {
        Assert.Equal(0x014e_4c46u, CountLayout.Magic);
        Assert.Equal(
            (64, 128, 16_576, 33_152), (CountLayout.WordAt, CountLayout.WaitQueueAt, CountLayout.GuardAt, CountLayout.Size));
    }

    [Theory]
    [InlineData(0, 1, 5, (int)CountStep.Done, 0, One)]
    [InlineData(3 * One, 2, 5, (int)CountStep.Done, 3, 5 * One)]
    [InlineData(3 * One, 3, 5, (int)CountStep.Refused, 3, 3 * One)]
    [InlineData(0, int.MaxValue, int.MaxValue, (int)CountStep.Done, 0, 0xffff_fffe)]
    [InlineData(0xffff_fffe, 1, int.MaxValue, (int)CountStep.Refused, int.MaxValue, 0xffff_fffe)]
    [InlineData(One, int.MaxValue, int.MaxValue, (int)CountStep.Refused, 1, One)]
    [InlineData(Sleeper, 1, 5, (int)CountStep.NeedsGuard, 0, Sleeper)]
    [InlineData(One | Sleeper, 5, 5, (int)CountStep.Refused, 1, One | Sleeper)]
    public void Permits_are_added_up_to_the_maximum(uint found, int number, int most, int step, int before, uint after)
    {
        *_words.Word = found;

        Assert.Equal((CountStep)step, _words.Add(number, most, isGuarded: false, out int seen));
        Assert.Equal((before, after), (seen, *_words.Word));
    }

    [Fact]
    public void Permits_can_be_added_in_the_guard_while_a_waiter_sleeps()
    {
        *_words.Word = Sleeper;

        Assert.Equal(CountStep.Done, _words.Add(2, 5, isGuarded: true, out _));
        Assert.Equal((2 * One) | Sleeper, *_words.Word);
    }

    [Fact]
    public void A_sleeper_closes_the_count_until_the_last_waiter_takes_a_permit()
    {
        Assert.False(_words.IsClosed);
        Assert.True(_words.PrepareSleep(out uint value));
        Assert.Equal((Sleeper, true), (value, _words.IsClosed));
        _ = _words.Add(3, 5, isGuarded: true, out _);
        Assert.True(_words.TryTake(isLast: false));
        Assert.True(_words.IsClosed);
        Assert.True(_words.TryTake(isLast: true));
        Assert.Equal((false, 1), (_words.IsClosed, _words.Count));
        Assert.True(_words.TryTake(isLast: true));
        Assert.False(_words.TryTake(isLast: true));
        Assert.False(_words.IsClosed);
    }

    [Fact]
    public void A_waiter_in_the_queue_closes_the_count_before_it_sleeps()
    {
        uint ticket = _memory.Join(_words.WaitQueue);
        Assert.True(_words.IsClosed);
        _words.WaitQueue.Leave(_memory.Keeper, ticket);
        Assert.False(_words.IsClosed);
    }

    [Fact]
    public void No_waiter_sleeps_while_there_is_a_permit()
    {
        _words.Begin(1);

        Assert.False(_words.PrepareSleep(out _));
        Assert.Equal(One, *_words.Word);
    }

    [Fact]
    public void A_sleeper_is_evicted_from_the_word_and_from_the_guard()
    {
        Assert.True(_words.PrepareSleep(out _));
        using TestThread sleeper = WordsMemory.SleepOn(_words.Word);
        _words.Evict();
        sleeper.Join();

        Assert.Equal(0u, *_words.Word);
    }
}
