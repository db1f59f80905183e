using Fairlead.Diagnostics;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed class NamedBarrierTests : IDisposable
{
    private readonly string _name = $"b-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.LockFolder}/{_name}";

    public void Dispose() => NamedBarrier.Remove(_name);

    [Fact]
    public void The_fields_of_a_barrier_are_at_their_documented_offsets()
    {
        Assert.Equal((64, 72, 76, 128), (BarrierLayout.StateAt, BarrierLayout.DoorbellAt, BarrierLayout.DeadAt, BarrierLayout.WaitQueueAt));
        Assert.Equal(
            (16_576, 33_152, 64, 1024), (BarrierLayout.GuardAt, BarrierLayout.SlotsAt, BarrierLayout.SlotSize, BarrierLayout.MostParties));
        Assert.Equal(33_152L + (3 * 64), NamedBarrier.SizeInRegion(3));
        using NamedBarrier barrier = NamedBarrier.Open(_name, 1);
        Assert.Equal(0, barrier.SignalAndWait());
        Assert.Equal(1, barrier.SignalAndWait());
        ReadOnlySpan<byte> words = File.ReadAllBytes(FilePath).AsSpan(RegionLayout.HeaderSize);
        Assert.Equal((1u, 0x0142_4c46u), (BitConverter.ToUInt32(words), BitConverter.ToUInt32(words[4..])));
        Assert.Equal(2ul << 19, BitConverter.ToUInt64(words[BarrierLayout.StateAt..]));
    }

    [Fact]
    public void One_word_contains_phase_arrivals_and_broken_state_of_a_barrier()
    {
        BarrierState whole = new BarrierState(7ul << 19).WithArrival.WithArrival;
        Assert.Equal((7, 2, false), (whole.Phase, whole.Arrived, whole.IsBroken));
        Assert.Equal((7, 1), (whole.WithoutArrival.Phase, whole.WithoutArrival.Arrived));
        Assert.Equal((8, 0, false), (whole.Completed.Phase, whole.Completed.Arrived, whole.Completed.IsBroken));
        Assert.Equal((7, 0, true), (whole.Broken.Phase, whole.Broken.Arrived, whole.Broken.IsBroken));
        BarrierState again = whole.Broken.Reset;
        Assert.Equal((7, 0, false), (again.Phase, again.Arrived, again.IsBroken));
        Assert.Equal(
            (BarrierOutcome.Pending, BarrierOutcome.Completed, BarrierOutcome.Broken, BarrierOutcome.Broken, BarrierOutcome.Completed),
            (whole.Of(whole), whole.Completed.Of(whole), whole.Broken.Of(whole), again.Of(whole), whole.Completed.Broken.Reset.Of(whole)));

        // 256 times, and nothing else has changed.
        Assert.Equal(again, Enumerable.Range(0, 256).Aggregate(again, static (state, _) => state.Broken.Reset));
    }

    [Fact]
    public void NamedLocks_lists_a_barrier_with_its_state()
    {
        using NamedBarrier barrier = NamedBarrier.Open(_name, 2);
        using NamedBarrier other = NamedBarrier.Open(_name, 2);
        Assert.Equal(("barrier", "0 of 2 arrived, phase 0", 0, 0), Found());
        Assert.False(barrier.TrySignalAndWait(TimeSpan.Zero, out _));
        Assert.Equal(("barrier", "0 of 2 arrived, phase 0", 1, 0), Found());
        Assert.False(other.TrySignalAndWait(TimeSpan.Zero, out _));
        Assert.Equal(("barrier", "0 of 2 arrived, phase 0", 2, 0), Found());
        (string Kind, string? State, int Holders, int Waiters) Found()
        {
            NamedLockInfo found = NamedLocks.List().Single(found => found.Name == _name);
            Assert.All(found.Holders, static holder => Assert.Equal((Environment.ProcessId, null), (holder.Peer.ProcessId, holder.Thread)));
            return (found.Kind, found.State, found.Holders.Count, found.Waiters.Count);
        }
    }

    [Fact]
    public void Invalid_or_different_parameters_of_a_barrier_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedBarrier.Open(_name, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedBarrier.Open(_name, 1025));
        using NamedBarrier barrier = NamedBarrier.Open(_name, 1024);
        Assert.Throws<ArgumentOutOfRangeException>(() => barrier.SignalAndWait(TimeSpan.FromSeconds(-2)));
        Assert.Contains(
            "is a barrier for 1024 parties, but a barrier for 2 parties was requested",
            Assert.Throws<FairleadException>(() => NamedBarrier.Open(_name, 2)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "holds a barrier, but an event was requested",
            Assert.Throws<FairleadException>(() => NamedEvent.Open(_name)).Message,
            StringComparison.Ordinal);
        barrier.Verify();
        Assert.True(NamedBarrier.Remove(_name));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(barrier.Verify).Code);
    }
}
