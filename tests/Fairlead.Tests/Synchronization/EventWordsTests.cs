using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

/// <summary>The steps of an event, one at a time, without anybody who waits.</summary>
public sealed unsafe class EventWordsTests : IDisposable
{
    private const uint Set = 1;
    private const uint Sleeper = 2;
    private const uint OneEpoch = 4;

    private readonly RobustMemory _memory;
    private readonly RobustKeeper _keeper = RobustKeeper.Reserve();
    private readonly EventWords _words;

    public EventWordsTests()
    {
        using Descriptor file = MemoryFile.Create("event", EventLayout.Size);
        _memory = new RobustMemory(file, 0, EventLayout.Size);
        _words = new EventWords(_memory.Shared);
    }

    public void Dispose()
    {
        _keeper.Free();
        _memory.Dispose();
    }

    [Fact]
    public void A_sleeper_closes_it_until_the_last_waiter_takes_it()
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
    public void A_waiter_in_the_line_closes_it_before_it_sleeps()
    {
        Assert.True(_words.Line.TryJoin(_keeper, out uint ticket));
        Assert.True(_words.IsClosed);
        _words.Set();
        Assert.True(_words.IsClosed);
        _words.Line.Leave(_keeper, ticket);
        Assert.False(_words.IsClosed);
        Assert.Equal(Set, *_words.Word);
    }
}
