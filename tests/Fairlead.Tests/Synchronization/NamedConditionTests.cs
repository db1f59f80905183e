using Fairlead.Diagnostics;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;

namespace Fairlead.Tests.Synchronization;

public sealed class NamedConditionTests : IDisposable
{
    private readonly string _name = $"c-{Guid.NewGuid():N}";
    private readonly NamedMutex _mutex = NamedMutex.Open($"cm-{Guid.NewGuid():N}");

    public void Dispose()
    {
        NamedCondition.Remove(_name);
        NamedMutex.Remove(_mutex.Name!);
        _mutex.Dispose();
    }

    [Fact]
    public async Task The_fields_of_a_condition_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (64, 68, 128, 40, 16_576),
            (ConditionLayout.OverflowAt, ConditionLayout.IsCrowdedAt, ConditionLayout.WaitQueueAt, ConditionLayout.NotifiedAt,
             ConditionLayout.Size)
        );
        Assert.Equal(16_576L, NamedCondition.SizeInRegion);
        using NamedCondition condition = NamedCondition.Open(_name, _mutex);
        MutexScope scope = await _mutex.EnterAsync();
        Task<bool> waiting = condition.WaitAsync(scope).AsTask();
        using (MutexScope inside = _mutex.Enter())
        {
            byte[] file = File.ReadAllBytes($"{FairleadDirectory.Runtime}/{NamedRegion.LockFolder}/{_name}");
            ReadOnlySpan<byte> words = file.AsSpan(RegionLayout.HeaderSize);
            Assert.Equal(
                (7u, 0x0143_4c46u), (BitConverter.ToUInt32(file.AsSpan(RegionLayout.ContentAt)), BitConverter.ToUInt32(words[4..])));
            int place = ConditionLayout.WaitQueueAt + WaitQueueLayout.PlacesAt + WaitQueueLayout.PlaceSize;
            Assert.Equal(
                (1, Environment.ProcessId, 0u),
                (
                    BitConverter.ToInt32(words[(place + 4)..]),
                    BitConverter.ToInt32(words[(place + 16)..]),
                    BitConverter.ToUInt32(words[(place + 40)..])));
            condition.Notify(inside);
        }

        Assert.True(await waiting);
        scope.Dispose();
    }

    [Fact]
    public async Task NamedLocks_lists_a_condition_with_its_waiters()
    {
        using NamedCondition condition = NamedCondition.Open(_name, _mutex);
        MutexScope scope = await _mutex.EnterAsync();
        Task<bool> waiting = condition.WaitAsync(scope).AsTask();
        NamedLockInfo found = NamedLocks.List().Single(found => found.Name == _name);
        Assert.Equal(("condition", 0, 1), (found.Kind, found.Holders.Count, found.Waiters.Count));
        using (MutexScope inside = _mutex.Enter())
        {
            condition.NotifyAll(inside);
        }

        Assert.True(await waiting);
        scope.Dispose();
    }

    [Fact]
    public void A_condition_opened_with_another_mutex_or_kind_is_refused()
    {
        NamedCondition.Open(_name, _mutex).Dispose();
        using NamedMutex other = NamedMutex.Open($"{_name}-other");
        FairleadException error = Assert.Throws<FairleadException>(() => NamedCondition.Open(_name, other));
        Assert.Equal(ErrorCode.Incompatible, error.Code);
        Assert.Contains(
            $"is a condition of another mutex, but a condition of the mutex '{other.Name}' was requested",
            error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Incompatible, Assert.Throws<FairleadException>(() => NamedMutex.Open(_name)).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            NamedCondition.Open(_name, _mutex, new() { TakeBackTimeout = TimeSpan.FromSeconds(-2) }));
        Assert.Throws<ArgumentNullException>(() => NamedCondition.Open(_name, null!));
        NamedMutex.Remove(other.Name!);
        using NamedCondition condition = NamedCondition.Open(_name, _mutex);
        condition.Verify();
        Assert.True(NamedCondition.Remove(_name));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(condition.Verify).Code);
    }
}
