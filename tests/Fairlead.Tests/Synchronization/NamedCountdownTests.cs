using Fairlead.Diagnostics;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed class NamedCountdownTests : IDisposable
{
    private readonly string _name = $"d-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.LockFolder}/{_name}";

    public void Dispose() => NamedCountdown.Remove(_name);

    [Fact]
    public void The_fields_of_a_countdown_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (64, 68, 128, 16_576, 33_152L),
            (CountdownLayout.WordAt, CountdownLayout.RoundsAt, CountdownLayout.WaitQueueAt, CountdownLayout.GuardAt,
             NamedCountdown.SizeInRegion)
        );
        using NamedCountdown countdown = NamedCountdown.Open(_name, 3);
        Assert.Equal((3u, 0x0144_4c46u, 0u), Words());
        countdown.Signal();
        Assert.Equal(5u, Words().Word);
        countdown.Signal(2);
        Assert.Equal(1u, Words().Word);
        countdown.Reset();
        Assert.Equal((1u << 25) | 7, Words().Word);
        (uint, uint, uint Word) Words()
        {
            ReadOnlySpan<byte> words = File.ReadAllBytes(FilePath).AsSpan(RegionLayout.HeaderSize);
            return (BitConverter.ToUInt32(words), BitConverter.ToUInt32(words[4..]), BitConverter.ToUInt32(words[64..]));
        }
    }

    [Fact]
    public void NamedLocks_lists_a_countdown_with_its_state()
    {
        using NamedCountdown countdown = NamedCountdown.Open(_name, 3);
        countdown.Signal();
        NamedLockInfo found = NamedLocks.List().Single(found => found.Name == _name);
        Assert.Equal(("countdown", "2 left", 0, 0), (found.Kind, found.State, found.Holders.Count, found.Waiters.Count));
    }

    [Fact]
    public void Invalid_or_different_parameters_of_a_countdown_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedCountdown.Open(_name, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedCountdown.Open(_name, 16_777_216));
        using NamedCountdown countdown = NamedCountdown.Open(_name, 16_777_215);
        Assert.Throws<InvalidOperationException>(() => countdown.AddCount());
        Assert.Throws<ArgumentOutOfRangeException>(() => countdown.Reset(0));
        Assert.Contains(
            "is a countdown from 16777215, but a countdown from 2 was requested",
            Assert.Throws<FairleadException>(() => NamedCountdown.Open(_name, 2)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "holds a countdown, but an event was requested",
            Assert.Throws<FairleadException>(() => NamedEvent.Open(_name)).Message,
            StringComparison.Ordinal);
    }
}
