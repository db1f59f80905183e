using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

[SlowRun]
public sealed class NamedSemaphoreTests : IDisposable
{
    private readonly string _name = $"s-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.LockFolder}/{_name}";

    public void Dispose() => NamedSemaphore.Remove(_name);

    [Fact]
    public void The_fields_of_a_semaphore_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (64, 72, 128, 16_576, 16),
            (SemaphoreLayout.WantedAt, SemaphoreLayout.DoorbellAt, SemaphoreLayout.WaitQueueAt, SemaphoreLayout.SlotsAt,
             SemaphoreLayout.SlotSize));
        Assert.Equal(16_576L + (16 * 5), NamedSemaphore.SizeInRegion(5));
        using NamedSemaphore semaphore = NamedSemaphore.Open(_name, 2, 5);
        using SemaphoreScope scope = semaphore.Enter();
        ReadOnlySpan<byte> words = File.ReadAllBytes(FilePath).AsSpan(RegionLayout.HeaderSize);
        Assert.Equal((0x0002_0005u, 0x0153_4c46u), (BitConverter.ToUInt32(words), BitConverter.ToUInt32(words[4..])));
        int slot = SemaphoreLayout.SlotsAt;
        while (BitConverter.ToUInt64(words[slot..]) == 0)
        {
            slot += SemaphoreLayout.SlotSize;
        }

        Assert.Equal(LockSlots.Moved, (uint)Fairlead.Native.Libc.FUTEX_TID_MASK);
        Assert.Equal(1u, BitConverter.ToUInt32(words[(slot + 4)..]) >> 31);
        Assert.NotEqual(0L, BitConverter.ToInt64(words[(slot + 8)..]));
    }

    [Fact]
    public void NamedLocks_lists_a_semaphore_with_its_state()
    {
        using NamedSemaphore semaphore = NamedSemaphore.Open(_name, 2, 4);
        using SemaphoreScope scope = semaphore.Enter();
        NamedLockInfo found = NamedLocks.List().Single(found => found.Name == _name);
        Assert.Equal(("semaphore", "1 of 4 free"), (found.Kind, found.State));
        Assert.Equal(Environment.ProcessId, Assert.Single(found.Holders).Peer.ProcessId);
        Assert.Empty(found.Waiters);
    }

    [Fact]
    public void Invalid_or_different_parameters_of_a_semaphore_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedSemaphore.Open(_name, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedSemaphore.Open(_name, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedSemaphore.Open(_name, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedSemaphore.Open(_name, 1, 4097));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedSemaphore.SizeInRegion(0));
        NamedSemaphore.Open(_name, 1).Dispose();
        Assert.Equal(ErrorCode.Incompatible, Assert.Throws<FairleadException>(() => NamedSemaphore.Open(_name, 1, 4096)).Code);
        Assert.Contains(
            "holds a semaphore, but a mutex was requested",
            Assert.Throws<FairleadException>(() => NamedMutex.Open(_name)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_semaphore_holds_4096_permits()
    {
        using NamedSemaphore semaphore = NamedSemaphore.Open(_name, 0, 4096);
        semaphore.Post(4096);
        SemaphoreScope[] all = [.. Enumerable.Range(0, 4096).Select(_ => semaphore.Enter())];
        Assert.Equal((0, 4096), (semaphore.CurrentCount, semaphore.Holders.Count));
        Assert.False(semaphore.TryEnter(TimeSpan.Zero, out _));
        foreach (SemaphoreScope scope in all)
        {
            scope.Dispose();
        }

        Assert.Equal(4096, semaphore.CurrentCount);
    }

    [Fact]
    public void A_lost_scope_keeps_its_permit()
    {
        using NamedSemaphore semaphore = NamedSemaphore.Open(_name, 2);
        OpenAndLose();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(1, semaphore.CurrentCount);
        using SemaphoreScope scope = semaphore.Enter();
        Assert.False(semaphore.TryEnter(TimeSpan.Zero, out _));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void OpenAndLose() => NamedSemaphore.Open(_name, 2).Enter();
}
