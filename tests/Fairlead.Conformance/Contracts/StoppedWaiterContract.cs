using System.Globalization;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>A process is stopped while it is the first waiter: the errors of those behind it name it.</summary>
[SlowRun]
public abstract class StoppedWaiterContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task The_timeout_of_a_mutex_names_the_stopped_first_waiter()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess peer = await StartAsync("mutex", place);
        MutexScope inside = mutex.Enter(cancellationToken: Token);
        await peer.TellAsync("enter");
        await UntilWaiting(mutex, 1);

        // Before it sleeps on the word, others may still enter before it.
        await Until(() => mutex.Core.Words.Word.HasSleeper, "it sleeps");
        Assert.False(mutex.Waiters[0].IsStopped);
        await peer.StopAsync();
        inside.Dispose();

        var error = Assert.Throws<FairleadException>(() => mutex.Enter(Short, Token));

        Assert.Equal(ErrorCode.Timeout, error.Code);
        Assert.Contains(First(peer), error.Message, StringComparison.Ordinal);
        Assert.EndsWith(Remedy(peer), error.Message, StringComparison.Ordinal);
        Assert.Equal(peer.Id, error.Peer?.ProcessId);
        Assert.True(mutex.Waiters[0].IsStopped);
        var awaited = await Assert.ThrowsAsync<FairleadException>(async () => await mutex.EnterAsync(Short, Token));
        Assert.Equal(error.WhatToDo, awaited.WhatToDo);

        peer.Continue();
        Assert.Equal("", await peer.AnswerAsync());
        Assert.False(mutex.Holder!.IsStopped);
        await peer.AskAsync("leave");
    }

    [Fact]
    public async Task The_timeout_of_a_mutex_names_the_stopped_holder()
    {
        (NamedMutex mutex, string place) = NewMutex();
        PeerProcess peer = await StartAsync("mutex", place);
        Assert.Equal("", await peer.AskAsync("enter"));
        await peer.StopAsync();

        var error = Assert.Throws<FairleadException>(() => mutex.Enter(Short, Token));

        Assert.Contains(", now stopped, and could not be entered within", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(Continue(peer), error.Message, StringComparison.Ordinal);
        Assert.Equal(peer.Id, error.Peer?.ProcessId);
        peer.Continue();
        await peer.AskAsync("leave");
    }

    [Fact]
    public async Task The_timeout_of_a_semaphore_names_the_stopped_first_waiter()
    {
        (NamedSemaphore semaphore, string place) = NewSemaphore();
        PeerProcess peer = await StartAsync("semaphore", place, "1", "1");
        SemaphoreScope inside = semaphore.Enter(cancellationToken: Token);
        await peer.TellAsync("enter");
        await UntilWaiting(() => semaphore.Waiters, 1);
        await peer.StopAsync();
        inside.Dispose();

        var error = Assert.Throws<FairleadException>(() => semaphore.Enter(Short, Token));

        Assert.Contains(First(peer), error.Message, StringComparison.Ordinal);
        Assert.EndsWith(Remedy(peer), error.Message, StringComparison.Ordinal);
        Assert.Equal(peer.Id, error.Peer?.ProcessId);
        peer.Continue();
        await peer.AnswerAsync();
    }

    [Fact]
    public async Task The_timeout_of_a_reader_writer_lock_names_the_stopped_writer()
    {
        (NamedReaderWriterLock under, string place) = NewReaderWriterLock();
        PeerProcess peer = await StartAsync("readwrite", place);
        ReadScope inside = under.EnterRead(cancellationToken: Token);
        await peer.TellAsync("write");
        await UntilWaiting(() => under.Waiters, 1);
        await peer.StopAsync();
        inside.Dispose();

        var error = Assert.Throws<FairleadException>(() => under.EnterWrite(Short, Token));

        Assert.Contains(First(peer), error.Message, StringComparison.Ordinal);
        Assert.EndsWith(Remedy(peer), error.Message, StringComparison.Ordinal);
        Assert.Equal(peer.Id, error.Peer?.ProcessId);
        peer.Continue();
        await peer.AnswerAsync();
    }

    private static string First(PeerProcess peer) => string.Create(CultureInfo.InvariantCulture, $"; pid {peer.Id} (");

    private static string Remedy(PeerProcess peer) =>
        string.Create(
            CultureInfo.InvariantCulture, $", now stopped, is first in the queue, and no other waiter overtakes it. {Continue(peer)}");

    private static string Continue(PeerProcess peer) =>
        string.Create(CultureInfo.InvariantCulture, $"Continue it (kill -CONT {peer.Id}), or end it.");

    private (NamedMutex Mutex, string Place) NewMutex()
    {
        string place = NewPlace(NamedMutex.SizeInRegion);
        return (Track(LockPlaceText.Mutex(place)), place);
    }

    private (NamedSemaphore Semaphore, string Place) NewSemaphore()
    {
        string place = NewPlace(NamedSemaphore.SizeInRegion(1));
        return (Track(LockPlaceText.Semaphore(place, 1, 1)), place);
    }

    private (NamedReaderWriterLock Lock, string Place) NewReaderWriterLock()
    {
        string place = NewPlace(NamedReaderWriterLock.SizeInRegion);
        return (Track(LockPlaceText.ReaderWriterLock(place)), place);
    }
}
