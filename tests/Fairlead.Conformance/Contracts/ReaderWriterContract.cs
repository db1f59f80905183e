using System.Globalization;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.Conformance.Contracts;

/// <summary>
/// Many read or one writes, whichever processes they are and whichever die; readers that come later do not delay a writer.
/// </summary>
[SlowRun]
public abstract class ReaderWriterContract(LockUnderTest under, ITestOutputHelper output) : LockContract(under, output)
{
    private const int Processes = 8;
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task Many_readers_or_one_writer_are_inside()
    {
        (NamedReaderWriterLock under, string place) = NewLock();
        PeerProcess peer = await StartAsync("readwrite", place);
        Assert.Equal("", await peer.AskAsync("read"));
        using (ReadScope one = under.EnterRead(cancellationToken: Token))
        {
            await using ReadScope other = await under.EnterReadAsync(Token);
            Assert.False(one.OwnerDied);
            Assert.NotEqual(one, other);
            Assert.Equal(3, under.Holders.Count);
            Assert.False(under.TryEnterWrite(TimeSpan.Zero, out _, Token));
            Assert.False(under.TryEnterWrite(Short, out _, Token));
            Assert.Null(await under.TryEnterWriteAsync(Short, Token));
            Assert.Empty(under.Waiters);
        }

        FairleadException held = Fails(ErrorCode.Timeout, () => under.EnterWrite(Short, Token));
        Assert.Equal(peer.Id, held.Peer?.ProcessId);
        Assert.Equal("", await peer.AskAsync("leave"));
        WriteScope writing = under.EnterWrite(cancellationToken: Token);
        Assert.Single(under.Holders);
        Assert.False(under.TryEnterRead(TimeSpan.Zero, out _, Token));
        Assert.Null(await under.TryEnterReadAsync(Short, Token));
        Assert.False(under.TryEnterWrite(Short, out _, Token));
        Fails(ErrorCode.Timeout, () => under.EnterRead(Short, Token));
        await peer.TellAsync("write");
        await UntilWaiting(() => under.Waiters, 1);
        writing.Dispose();
        writing.Dispose();
        default(WriteScope).Dispose();
        Assert.Throws<ObjectDisposedException>(writing.MarkConsistent);
        Assert.Equal("", await peer.AnswerAsync());
        Assert.False(under.TryEnterRead(TimeSpan.Zero, out ReadScope none, Token));
        none.Dispose();
        Assert.Equal("", await peer.AskAsync("leave"));
        Assert.Empty(under.Holders);
    }

    [Fact]
    public async Task A_waiting_writer_enters_before_later_readers()
    {
        (NamedReaderWriterLock under, string place) = NewLock();
        PeerProcess peer = await StartAsync("readwrite", place);
        ReadScope reading = under.EnterRead(cancellationToken: Token);
        await peer.TellAsync("write");
        await UntilClosed(under);
        Task<ReadScope> next = OnThread(() => under.EnterRead(cancellationToken: Token));
        await UntilWaiting(() => under.Waiters, 2);
        Task<ReadScope> awaiting = under.EnterReadAsync(Token).AsTask();
        await UntilWaiting(() => under.Waiters, 3);
        reading.Dispose();
        reading.Dispose();
        Assert.Equal("", await peer.AnswerAsync());
        Assert.False(next.IsCompleted || awaiting.IsCompleted);
        Assert.Equal("", await peer.AskAsync("leave"));
        (await next).Dispose();
        (await awaiting).Dispose();
    }

    [Fact]
    public async Task A_waiter_that_gives_up_does_not_block_the_next()
    {
        (NamedReaderWriterLock under, _) = NewLock();
        using CancellationTokenSource cancelled = new();
        ReadScope reading = under.EnterRead(cancellationToken: Token);
        Task<WriteScope> first = OnThread(() => under.EnterWrite(cancellationToken: cancelled.Token));
        await UntilClosed(under);
        Task<WriteScope> second = under.EnterWriteAsync(cancelled.Token).AsTask();
        await UntilWaiting(() => under.Waiters, 2);
        Task<ReadScope> reader = under.EnterReadAsync(Token).AsTask();
        await UntilWaiting(() => under.Waiters, 3);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        (await reader).Dispose();
        reading.Dispose();
        under.EnterWrite(cancellationToken: Token).Dispose();
        Assert.Empty(under.Waiters);
    }

    [Fact]
    public async Task Readers_beyond_the_number_of_slots_wait_for_a_slot()
    {
        const int Seats = 256;
        (NamedReaderWriterLock under, _) = NewLock();
        List<ReadScope> readers = [];
        for (int i = 0; i < Seats; i++)
        {
            readers.Add(await under.EnterReadAsync(Token));
        }

        Assert.False(under.TryEnterRead(Short, out _, Token));
        Task<ReadScope> more = OnThread(() => under.EnterRead(cancellationToken: Token));
        await UntilWaiting(() => under.Waiters, 1);
        readers[7].Dispose();
        (await more).Dispose();
        readers.ForEach(static reader => reader.Dispose());
        under.EnterWrite(cancellationToken: Token).Dispose();
    }

    [Fact]
    public async Task Calls_that_are_inside_or_wait_finish_after_Dispose()
    {
        (NamedReaderWriterLock under, string place) = NewLock();
        using NamedReaderWriterLock other = LockPlaceText.ReaderWriterLock(place);
        ReadScope reading = under.EnterRead(cancellationToken: Token);
        Task<WriteScope> writing = OnThread(() => under.EnterWrite(cancellationToken: Token));
        await UntilWaiting(() => other.Waiters, 1);
        Task<WriteScope> awaiting = under.EnterWriteAsync(Token).AsTask();
        await UntilWaiting(() => other.Waiters, 2);
        under.Dispose();
        under.Dispose();
        Assert.Throws<ObjectDisposedException>(() => under.EnterRead());
        Assert.Throws<ObjectDisposedException>(() => under.EnterWrite());
        Assert.Throws<ObjectDisposedException>(() => under.Holders);
        reading.Dispose();
        (await writing).Dispose();
        (await awaiting).Dispose();
        other.EnterWrite(cancellationToken: Token).Dispose();
    }

    [Fact]
    public async Task Dead_readers_and_writers_leave_the_lock_and_a_dead_writer_is_reported()
    {
        (NamedReaderWriterLock under, string place) = NewLock();
        PeerProcess reader = await StartAsync("readwrite", place);
        Assert.Equal("", await reader.AskAsync("read"));
        Task<WriteScope> waiting = under.EnterWriteAsync(Token).AsTask();
        await UntilWaiting(() => under.Waiters, 1);
        await reader.KillRunningAsync();
        using (WriteScope scope = await waiting)
        {
            Assert.False(scope.OwnerDied);
        }

        // A writer that waits inside the gate has not written.
        PeerProcess waiter = await StartAsync("readwrite", place);
        ReadScope mine = under.EnterRead(cancellationToken: Token);
        await waiter.TellAsync("write");
        await UntilClosed(under);
        Task<ReadScope> behind = OnThread(() => under.EnterRead(cancellationToken: Token));
        await UntilWaiting(() => under.Waiters, 2);
        await waiter.KillRunningAsync();
        using (ReadScope scope = await behind)
        {
            Assert.False(scope.OwnerDied);
        }

        mine.Dispose();
        foreach (string how in new[] { "write", "async" })
        {
            PeerProcess writer = await StartAsync("readwrite", place);
            Assert.Equal("", await writer.AskAsync(how));
            Task<ReadScope> next = OnThread(() => under.EnterRead(cancellationToken: Token));
            await UntilWaiting(() => under.Waiters, 1);
            await writer.KillRunningAsync();
            using (ReadScope scope = await next)
            {
                Assert.True(scope.OwnerDied);
                using ReadScope another = under.EnterRead(cancellationToken: Token);
                Assert.True(another.OwnerDied);
            }

            using (WriteScope scope = under.EnterWrite(cancellationToken: Token))
            {
                Assert.True(scope.OwnerDied);
                scope.MarkConsistent();
                Assert.False(scope.OwnerDied);
            }

            using ReadScope last = under.EnterRead(cancellationToken: Token);
            Assert.False(last.OwnerDied);
        }
    }

    [Fact]
    public async Task Readers_see_nothing_half_written_though_processes_are_killed()
    {
        int kills = KillsOr(15);
        const int Between = 30;
        (NamedReaderWriterLock under, string place) = NewLock();
        string name = $"ledger-{Guid.NewGuid():N}";
        using SharedRegion region = SharedRegion.Open(name, 4096);
        Random random = NewRandom();
        try
        {
            PeerProcess Start(int index) =>
                Track(PeerProcess.StartNumber(index, "ledger", place, name, index.ToString(CultureInfo.InvariantCulture)));
            PeerProcess[] peers = [.. Enumerable.Range(0, Processes).Select(Start)];
            long Written() => Volatile.Read(ref region.At<long>(0));
            for (int i = 0; i < kills; i++)
            {
                long before = Written();
                await Until(() => Written() >= before + Between, "they write");
                int victim = random.Next(Processes);
                await peers[victim].KillRunningAsync();
                before = Written();
                await Until(() => Written() >= before + Between, "the others write");
                await SaidNothingElse(peers[victim]);
                await peers[victim].DisposeAsync();
                peers[victim] = Start(victim);
            }

            foreach (PeerProcess peer in peers)
            {
                await peer.KillRunningAsync();
                await SaidNothingElse(peer);
            }

            Output.WriteLine($"{Written()} written, {kills} killed");
            using WriteScope scope = under.EnterWrite(cancellationToken: Token);
            Assert.Empty(under.Waiters);
        }
        finally
        {
            SharedRegion.Remove(name);
        }
    }

    // Waits until a writer is inside the gate: before that, readers may still pass it.
    private Task UntilClosed(NamedReaderWriterLock under) => Until(
        () =>
        {
            bool isEntered = under.TryEnterRead(TimeSpan.Zero, out ReadScope scope);
            scope.Dispose();
            return !isEntered;
        },
        "a writer keeps readers out");

    private static async Task SaidNothingElse(PeerProcess ended)
    {
        while (await ended.TryReadLineAsync() is { } line)
        {
            Assert.Equal("ready", line);
        }
    }

    private (NamedReaderWriterLock Lock, string Place) NewLock()
    {
        string place = NewPlace(NamedReaderWriterLock.SizeInRegion);
        return (Track(LockPlaceText.ReaderWriterLock(place)), place);
    }
}
