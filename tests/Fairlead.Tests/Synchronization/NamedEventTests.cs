using Fairlead.Diagnostics;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed unsafe class NamedEventTests : IDisposable
{
    private readonly string _name = $"e-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.LockFolder}/{_name}";

    public void Dispose() => NamedEvent.Remove(_name);

    [Fact]
    public void The_fields_of_an_event_are_at_their_documented_offsets()
    {
        Assert.Equal((64, 128, 16_576L), (EventLayout.WordAt, EventLayout.WaitQueueAt, NamedEvent.SizeInRegion));
        using NamedEvent signal = NamedEvent.Open(_name, EventResetMode.AutoReset);
        signal.Set();
        Assert.Equal((1u, 0x0145_4c46u, 1u), Words());
        signal.Reset();
        Assert.Equal(4u, Words().Word);
        (uint, uint, uint Word) Words()
        {
            ReadOnlySpan<byte> words = File.ReadAllBytes(FilePath).AsSpan(RegionLayout.HeaderSize);
            return (BitConverter.ToUInt32(words), BitConverter.ToUInt32(words[4..]), BitConverter.ToUInt32(words[64..]));
        }
    }

    [Fact]
    public void NamedLocks_lists_an_event_with_its_state()
    {
        using NamedEvent signal = NamedEvent.Open(_name);
        Assert.Equal("not set", Seen().State);
        signal.Set();
        Assert.Equal(("event", "set", 0, 0), (Seen().Kind, Seen().State, Seen().Holders.Count, Seen().Waiters.Count));
        NamedLockInfo Seen() => NamedLocks.List().Single(found => found.Name == _name);
    }

    [Fact]
    public void A_new_waiter_does_not_overtake_the_waiter_that_was_woken()
    {
        using NamedEvent signal = NamedEvent.Open(_name, EventResetMode.AutoReset);
        EventCore core = new(LockPlace.Named(_name, EventLayout.Size, RegionContent.Event), isAutomatic: true);
        Assert.False(core.TryPass(out uint epoch));
        EventAttempt waiter = new(core, epoch, thread: 0);
        bool isReleased = false;
        try
        {
            // The waiter is about to sleep, and takes its next step only when this test allows it.
            Assert.False(waiter.TryAdvance(out _, out _));
            signal.Set();
            Assert.False(core.TryPass(out _));
            Assert.False(signal.TryWait(TimeSpan.Zero));
            isReleased = waiter.TryAdvance(out _, out _);
            Assert.Equal((true, false), (isReleased, signal.IsSet));
        }
        finally
        {
            if (!isReleased)
            {
                waiter.Abandon();
            }

            core.Close();
        }

        // No one waits any more.
        signal.Set();
        Assert.True(signal.TryWait(TimeSpan.Zero));
    }

    [Fact]
    public void Invalid_or_different_parameters_of_an_event_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedEvent.Open(_name, (EventResetMode)7));
        using NamedEvent signal = NamedEvent.Open(_name);
        Assert.Contains(
            "is a manual event, but an automatic event was requested",
            Assert.Throws<FairleadException>(() => NamedEvent.Open(_name, EventResetMode.AutoReset)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "holds an event, but a semaphore was requested",
            Assert.Throws<FairleadException>(() => NamedSemaphore.Open(_name, 1)).Message,
            StringComparison.Ordinal);
        signal.Verify();
        Assert.True(NamedEvent.Remove(_name));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(signal.Verify).Code);
    }
}
