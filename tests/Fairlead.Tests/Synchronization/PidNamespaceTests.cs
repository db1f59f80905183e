using Fairlead.Conformance;
using Fairlead.Synchronization;

namespace Fairlead.Tests.Synchronization;

/// <summary>Locks between pid namespaces, where no process can watch the other's end.</summary>
public sealed class PidNamespaceTests(ITestOutputHelper output) : LockContract(new LockUnderTest.Named(), output)
{
    [PidNamespaceFact]
    public async Task A_new_waiter_wakes_the_waiter_that_sleeps_for_the_permit_of_a_dead_process()
    {
        string place = NewPlace(NamedSemaphore.SizeInRegion(1));
        NamedSemaphore semaphore = Track(LockPlaceText.Semaphore(place, 1, 1));
        PeerProcess peer = Track(PeerProcess.StartBy(PidNamespaceFactAttribute.Command, "semaphore", place, "1", "1"));
        Assert.Equal("ready", await peer.ReadLineAsync());
        Assert.Equal("", await peer.AskAsync("enter"));
        Task<SemaphoreScope> asleep = OnThread(() => semaphore.Enter(cancellationToken: Token));
        await UntilWaiting(() => semaphore.Waiters, 1);

        // The kill hits the parent of its process, which ends some time later.
        await peer.KillAsync();
        await Until(() => asleep.IsCompleted || semaphore.CurrentCount == 1, "it has died");
        Assert.False(semaphore.TryEnter(TimeSpan.Zero, out _, Token));

        using SemaphoreScope inside = await asleep;
        Assert.Equal(0, semaphore.CurrentCount);
    }

    /// <summary>No other waiter comes, and no process of this namespace can watch the one that has died.</summary>
    [PidNamespaceFact]
    public async Task A_single_waiter_gets_the_permit_of_a_dead_process()
    {
        string place = NewPlace(NamedSemaphore.SizeInRegion(1));
        NamedSemaphore semaphore = Track(LockPlaceText.Semaphore(place, 1, 1));
        PeerProcess peer = Track(PeerProcess.StartBy(PidNamespaceFactAttribute.Command, "semaphore", place, "1", "1"));
        Assert.Equal("ready", await peer.ReadLineAsync());
        Assert.Equal("", await peer.AskAsync("enter"));
        Task<SemaphoreScope> asleep = OnThread(() => semaphore.Enter(cancellationToken: Token));
        await UntilWaiting(() => semaphore.Waiters, 1);

        await peer.KillAsync();

        using SemaphoreScope inside = await asleep;
        Assert.Equal(0, semaphore.CurrentCount);
    }

    [PidNamespaceFact]
    public Task A_writer_enters_after_the_death_of_a_reader() =>
        WriteAfterDeathAsync(under => OnThread(() => under.EnterWrite(cancellationToken: Token)));

    [PidNamespaceFact]
    public Task A_writer_without_a_thread_enters_after_the_death_of_a_reader() =>
        WriteAfterDeathAsync(under => under.EnterWriteAsync(Token).AsTask());

    private async Task WriteAfterDeathAsync(Func<NamedReaderWriterLock, Task<WriteScope>> enter)
    {
        string place = NewPlace(NamedReaderWriterLock.SizeInRegion);
        NamedReaderWriterLock under = Track(LockPlaceText.ReaderWriterLock(place));
        PeerProcess peer = Track(PeerProcess.StartBy(PidNamespaceFactAttribute.Command, "readwrite", place));
        Assert.Equal("ready", await peer.ReadLineAsync());
        Assert.Equal("", await peer.AskAsync("read"));
        Task<WriteScope> writing = enter(under);
        await Until(() => !MayRead(under), "the writer keeps new readers out");

        await peer.KillAsync();

        using (await writing)
        {
        }

        using ReadScope reading = under.EnterRead(cancellationToken: Token);
    }

    private bool MayRead(NamedReaderWriterLock under)
    {
        bool isIn = under.TryEnterRead(TimeSpan.Zero, out ReadScope scope, Token);
        if (isIn)
        {
            scope.Dispose();
        }

        return isIn;
    }
}
