using Fairlead.Synchronization.Words;
using Fairlead.Tests.Native;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of an event, one at a time.</summary>
public sealed unsafe class EventWordsTests : IDisposable
{
    private const uint Set = 1;
    private const uint Sleeper = 2;
    private const uint OneEpoch = 4;

    private readonly WordsMemory _memory = new(EventLayout.Size);
    private readonly EventWords _words;

    public EventWordsTests() => _words = new EventWords(_memory.Start);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void A_sleeper_closes_the_event_until_the_last_waiter_takes_it()
    {
        Assert.False(_words.IsClosed);
        Assert.True(_words.PrepareSleep(out uint value));
        Assert.Equal((Sleeper, true), (value, _words.IsClosed));
        _words.Set();
        Assert.True(_words.IsClosed);
        Assert.True(_words.TryTake(isLast: false));
        Assert.Equal((false, true), (_words.IsSet, _words.IsClosed));
        _words.Set();
        Assert.True(_words.TryTake(isLast: true));
        Assert.Equal((false, false), (_words.IsSet, _words.IsClosed));
    }

    [Fact]
    public void A_waiter_in_the_queue_closes_the_event_before_it_sleeps()
    {
        uint ticket = _memory.Join(_words.WaitQueue);
        Assert.True(_words.IsClosed);
        _words.Set();
        Assert.True(_words.IsClosed);
        _words.WaitQueue.Leave(_memory.Keeper, ticket);
        Assert.False(_words.IsClosed);
        Assert.Equal(Set, *_words.Word);
    }

    [Theory]
    [InlineData(0, Set, 0, OneEpoch)]
    [InlineData(Set, Set, OneEpoch, OneEpoch)]
    [InlineData(Sleeper, Set | Sleeper, Sleeper, OneEpoch | Sleeper)]
    [InlineData(Set | Sleeper, Set | Sleeper, OneEpoch, OneEpoch)]
    [InlineData(12, 13, 12, 16)]
    [InlineData(15, 15, 16, 16)]
    [InlineData(0xffff_fffd, 0xffff_fffd, 0, 0)]
    public void Set_Reset_and_Pulse_change_the_word_as_expected(uint found, uint set, uint reset, uint pulsed)
    {
        Assert.Equal(set, After(_words.Set));
        Assert.Equal(reset, After(_words.Reset));
        Assert.Equal(pulsed, After(_words.Pulse));
        Assert.Equal((found & Set) != 0, _words.IsSet);
        Assert.Equal(found & ~3u, _words.Epoch);
        Assert.Equal(found & ~3u, EventWords.EpochIn(found));

        uint After(Action step)
        {
            *_words.Word = found;
            step();
            uint after = *_words.Word;
            *_words.Word = found;
            return after;
        }
    }

    [Theory]
    [InlineData(0, false, 0, 0)]
    [InlineData(Sleeper, false, Sleeper, Sleeper)]
    [InlineData(Set, true, 0, 0)]
    [InlineData(Set | Sleeper | 8, true, Sleeper | 8, 8)]
    public void TryTake_takes_the_event_only_if_it_is_set(uint found, bool isTaken, uint left, uint leftByLast)
    {
        *_words.Word = found;
        Assert.Equal(isTaken, _words.TryTake(isLast: false));
        Assert.Equal(left, *_words.Word);
        *_words.Word = found;
        Assert.Equal(isTaken, _words.TryTake(isLast: true));
        Assert.Equal(leftByLast, *_words.Word);
    }

    [Theory]
    [InlineData(0, true, Sleeper)]
    [InlineData(Sleeper, true, Sleeper)]
    [InlineData(8, true, 8 | Sleeper)]
    [InlineData(8 | Set, false, 8 | Set)]
    [InlineData(8 | Set | Sleeper, false, 8 | Set | Sleeper)]
    public void A_waiter_announces_its_sleep_unless_it_is_set(uint found, bool maySleep, uint value)
    {
        *_words.Word = found;
        Assert.Equal((maySleep, value), (_words.PrepareSleep(out uint seen), seen));
        Assert.Equal(value, *_words.Word);
    }

    [Fact]
    public void A_waiter_is_released_while_the_event_is_set_and_by_another_epoch()
    {
        uint epoch = _words.Epoch;
        Assert.False(_words.IsReleased(epoch));
        _words.Set();
        Assert.True(_words.IsReleased(epoch));
        _words.Reset();
        Assert.True(_words.IsReleased(epoch));
        epoch = _words.Epoch;
        Assert.False(_words.IsReleased(epoch));
        _words.Pulse();
        Assert.True(_words.IsReleased(epoch));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_sleeper_wakes(bool isPulse)
    {
        Assert.True(_words.PrepareSleep(out _));
        using TestThread one = WordsMemory.SleepOn(_words.Word);
        using TestThread two = WordsMemory.SleepOn(_words.Word);
        if (isPulse)
        {
            _words.Pulse();
        }
        else
        {
            _words.Set();
        }

        one.Join();
        two.Join();
    }
}
