using Fairlead.Synchronization.Words;
using Fairlead.Tests.Native;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of a countdown, one at a time.</summary>
public sealed unsafe class CountdownWordsTests : IDisposable
{
    private const int Initial = 3;
    private const uint Ending = 1u << 30;
    private const uint Sleeper = 1u << 31;
    private const uint Zero = 1;
    private const uint OneLeft = 0b11;
    private const uint TwoLeft = 0b101;

    private readonly WordsMemory _memory = new(CountdownLayout.Size);
    private readonly CountdownWords _words;

    public CountdownWordsTests() => _words = new CountdownWords(_memory.Start, Initial);

    public void Dispose() => _memory.Dispose();

    [Theory]
    [InlineData(0u, -1, nameof(CountdownStep.Done), 3, TwoLeft)]
    [InlineData(0u, -3, nameof(CountdownStep.Done), 3, Zero)]
    [InlineData(0u, -4, nameof(CountdownStep.Refused), 3, 0u)]
    [InlineData(0u, 1, nameof(CountdownStep.Done), 3, 0b1001u)]
    [InlineData(0u, CountdownLayout.MostCount - 3, nameof(CountdownStep.Done), 3, 0x01ff_ffffu)]
    [InlineData(0u, CountdownLayout.MostCount - 2, nameof(CountdownStep.Refused), 3, 0u)]
    [InlineData(Zero, -1, nameof(CountdownStep.Refused), 0, Zero)]
    [InlineData(Zero, 1, nameof(CountdownStep.Refused), 0, Zero)]
    [InlineData(OneLeft | (7u << 25), 1, nameof(CountdownStep.Done), 1, TwoLeft | (7u << 25))]
    [InlineData(OneLeft | (7u << 25), -1, nameof(CountdownStep.Done), 1, Zero)]
    [InlineData(TwoLeft | Sleeper, -1, nameof(CountdownStep.Done), 2, OneLeft | Sleeper)]
    [InlineData(TwoLeft | Sleeper, -2, nameof(CountdownStep.NeedsGuard), 2, TwoLeft | Sleeper)]
    [InlineData(TwoLeft | Sleeper | Ending, -1, nameof(CountdownStep.NeedsGuard), 0, TwoLeft | Sleeper | Ending)]
    public void A_countdown_with_sleepers_does_not_reach_zero_outside_the_guard(uint found, int change, string step, int left, uint after)
    {
        *_words.Word = found;
        Assert.Equal((step, left), (_words.Change(change, isGuarded: false, out int seen).ToString(), seen));
        Assert.Equal(after, *_words.Word);
    }

    [Theory]
    [InlineData(TwoLeft | Sleeper, -2, nameof(CountdownStep.Done), 2, Zero)]
    [InlineData(TwoLeft | Sleeper | Ending, -2, nameof(CountdownStep.Done), 2, Zero)]
    [InlineData(TwoLeft | Sleeper | Ending, -1, nameof(CountdownStep.Done), 2, OneLeft | Sleeper)]
    [InlineData(TwoLeft | Sleeper | Ending, -3, nameof(CountdownStep.Refused), 2, TwoLeft | Sleeper)]
    [InlineData(0u, -3, nameof(CountdownStep.Done), 3, Zero)]
    public void The_owner_of_the_guard_ends_the_countdown(uint found, int change, string step, int left, uint after)
    {
        *_words.Word = found;
        Assert.Equal((step, left), (_words.Change(change, isGuarded: true, out int seen).ToString(), seen));
        Assert.Equal(after, *_words.Word);
    }

    [Fact]
    public void Sleepers_wake_at_zero()
    {
        Assert.True(_words.PrepareSleep(_words.Rounds, out _));
        using TestThread one = WordsMemory.SleepOn(_words.Word);
        using TestThread two = WordsMemory.SleepOn(_words.Word);
        Assert.Equal(CountdownStep.Done, _words.Change(-3, isGuarded: true, out _));
        one.Join();
        two.Join();
    }

    [Fact]
    public void The_parts_of_a_countdown_are_at_their_documented_offsets()
    {
        Assert.Equal((nint)_memory.Start + CountdownLayout.WaitQueueAt + WaitQueueLayout.PlacesAt, (nint)_words.WaitQueue.Beside(0));
        Assert.Equal((nint)_memory.Start + CountdownLayout.GuardAt + MutexLayout.WordAt, (nint)_words.Guard.WordPlace);
    }

    [Theory]
    [InlineData(0u, 2, TwoLeft, 0u)]
    [InlineData(0u, 0, Zero, 0u)]
    [InlineData(OneLeft | Sleeper, 2, TwoLeft | Sleeper, 0u)]
    [InlineData(Zero, 2, TwoLeft | (1u << 25), 1u)]
    [InlineData(TwoLeft | Ending, 1, OneLeft, 0u)]
    public void Reset_starts_the_next_round(uint found, int count, uint after, uint rounds)
    {
        *_words.Word = found;
        _words.Reset(count);
        Assert.Equal((after, rounds, count), (*_words.Word, _words.Rounds, _words.Count));
    }

    [Fact]
    public void The_word_of_a_later_round_is_another()
    {
        *_words.Word = Zero;
        _words.Reset(1);
        uint first = *_words.Word;
        Assert.Equal(CountdownStep.Done, _words.Change(-1, isGuarded: false, out _));
        _words.Reset(1);
        Assert.NotEqual(first, *_words.Word);
        Assert.Equal((1, 2u), (_words.Count, _words.Rounds));
    }

    [Fact]
    public void A_waiter_is_released_at_zero_and_by_another_round()
    {
        uint rounds = _words.Rounds;
        Assert.False(_words.IsReleased(rounds));
        Assert.True(_words.PrepareSleep(rounds, out uint value));
        Assert.Equal((Sleeper, Sleeper), (value, *_words.Word));
        Assert.True(_words.PrepareSleep(rounds, out value));
        Assert.Equal(Sleeper, value);
        Assert.Equal(CountdownStep.Done, _words.Change(-3, isGuarded: true, out _));
        Assert.True(_words.IsReleased(rounds));
        Assert.False(_words.PrepareSleep(rounds, out _));
        _words.Reset(5);
        Assert.True(_words.IsReleased(rounds));
        Assert.False(_words.PrepareSleep(rounds, out _));
        Assert.False(_words.IsReleased(_words.Rounds));
    }
}
