using Fairlead.Logs;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Tests.Synchronization;

/// <summary>An asynchronous call with an already cancelled token returns a cancelled task. It does not throw.</summary>
public sealed class CancelledCallTests : IDisposable
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    private readonly TemporaryDirectory _temporary = new();
    private readonly SharedRegion _region = SharedRegion.Create(256 * 1024);

    public void Dispose()
    {
        _region.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Cancelled_calls_of_locks_return_cancelled_tasks()
    {
        using var mutex = NamedMutex.OpenIn(_region, 0);
        using var semaphore = NamedSemaphore.OpenIn(_region, 32 * 1024, 1, 1);
        using var condition = NamedCondition.OpenIn(_region, 64 * 1024, mutex);
        using var countdown = NamedCountdown.OpenIn(_region, 96 * 1024, 1);
        using var happened = NamedEvent.OpenIn(_region, 128 * 1024);
        using var barrier = NamedBarrier.OpenIn(_region, 160 * 1024, 2);
        using var readers = NamedReaderWriterLock.OpenIn(_region, 192 * 1024);
        using MutexScope scope = mutex.Enter();
        foreach (Task call in new[]
        {
            mutex.EnterAsync(Cancelled).AsTask(),
            mutex.EnterAsync(null, Cancelled).AsTask(),
            mutex.TryEnterAsync(TimeSpan.Zero, Cancelled).AsTask(),
            semaphore.EnterAsync(Cancelled).AsTask(),
            semaphore.TryEnterAsync(TimeSpan.Zero, Cancelled).AsTask(),
            semaphore.TakeAsync(Cancelled).AsTask(),
            semaphore.TryTakeAsync(TimeSpan.Zero, Cancelled).AsTask(),
            condition.WaitAsync(scope, null, Cancelled).AsTask(),
            countdown.WaitAsync(Cancelled).AsTask(),
            countdown.TryWaitAsync(TimeSpan.Zero, Cancelled).AsTask(),
            happened.WaitAsync(Cancelled).AsTask(),
            happened.TryWaitAsync(TimeSpan.Zero, Cancelled).AsTask(),
            barrier.SignalAndWaitAsync(Cancelled).AsTask(),
            barrier.TrySignalAndWaitAsync(TimeSpan.Zero, Cancelled).AsTask(),
            readers.EnterReadAsync(Cancelled).AsTask(),
            readers.TryEnterReadAsync(TimeSpan.Zero, Cancelled).AsTask(),
            readers.EnterWriteAsync(Cancelled).AsTask(),
            readers.TryEnterWriteAsync(TimeSpan.Zero, Cancelled).AsTask(),
        })
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            Assert.True(call.IsCanceled);
        }
    }

    [Fact]
    public async Task Cancelled_and_failed_reads_of_a_log_return_tasks()
    {
        using var log = MappedLog.Open($"log://{_temporary["orders"]}?segment=64KiB");
        LogFollower follower = log.Follow();
        Task cancelled = follower.ReadAsync(Cancelled).AsTask();
        follower.Dispose();
        Task disposed = follower.ReadAsync().AsTask();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => disposed);
    }
}
