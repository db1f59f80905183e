using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Tests.Registry;

/// <summary>The lock of a directory: other users cannot block it.</summary>
public sealed class DirectoryLockTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    public DirectoryLockTests() => Directory.CreateDirectory(Place, (UnixFileMode)0b111_000_000);

    private string Place => _temporary["place"];

    private RuntimeDirectory Runtime => RuntimeDirectory.At(_temporary["fairlead"]);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_private_directory_is_locked_by_its_own_lock()
    {
        using var kept = Keep();

        Assert.Null(Take());
        Assert.False(Path.Exists(Runtime.Path));
    }

    [Theory]
    [InlineData(0b111_101_101)]
    [InlineData(0b111_100_000)]
    [InlineData(0b111_111_111)]
    public void A_lock_of_another_user_on_a_readable_directory_excludes_nobody(int mode)
    {
        Open(mode);
        using var kept = Keep();

        using var locked = Take();

        Assert.NotNull(locked);
    }

    [Fact]
    public void Locks_of_one_user_on_a_readable_directory_exclude_each_other()
    {
        Open(0b111_101_101);
        using (var first = Take())
        {
            Assert.NotNull(first);
            Assert.Null(Take());
        }

        using var second = Take();
        Assert.NotNull(second);
    }

    /// <summary>Of forty servers that start together, the last one waits for all others, and not for five seconds.</summary>
    [Fact]
    public async Task A_process_waits_while_the_lock_passes_from_owner_to_owner()
    {
        PollCountingClock clock = new();
        TimeSpan patience = TimeSpan.FromSeconds(5);
        Task<DirectoryLock?> waiting;
        using (Keep())
        {
            waiting = Task.Run(() => DirectoryLock.TryTake(Place, patience, out _, Runtime, clock));
            for (int owner = 0; owner < 4; owner++)
            {
                await clock.PolledAsync();
                clock.Advance(patience - TimeSpan.FromSeconds(1));

                // As a new owner does.
                Directory.SetLastWriteTimeUtc(Place, DateTime.UnixEpoch.AddSeconds(owner));
                await clock.PolledAsync();
            }

            Assert.False(waiting.IsCompleted);
        }

        using DirectoryLock? locked = await waiting;
        Assert.NotNull(locked);
    }

    [Fact]
    public async Task A_process_gives_up_after_its_timeout_if_one_owner_keeps_the_lock()
    {
        PollCountingClock clock = new();
        using var kept = Keep();
        Task<DirectoryLock?> waiting = Task.Run(() => DirectoryLock.TryTake(Place, TimeSpan.FromSeconds(5), out _, Runtime, clock));
        await clock.PolledAsync();
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(await waiting);
    }

    [Fact]
    public void A_new_owner_changes_the_time_of_the_directory()
    {
        Directory.SetLastWriteTimeUtc(Place, DateTime.UnixEpoch);
        using (Take())
        {
            Assert.NotEqual(DateTime.UnixEpoch, Directory.GetLastWriteTimeUtc(Place));
        }
    }

    [Fact]
    public void A_directory_is_locked_by_its_own_lock_without_a_runtime_directory()
    {
        Open(0b111_101_101);
        Directory.CreateDirectory(Runtime.Path);
        File.SetUnixFileMode(Runtime.Path, (UnixFileMode)0b111_111_111);
        using (var kept = Keep())
        {
            Assert.Null(Take());
        }

        using var locked = Take();
        Assert.NotNull(locked);
    }

    [RootFact]
    public void A_lock_on_a_directory_of_another_user_excludes_nobody()
    {
        _temporary.GiveAway("place");
        using var kept = Keep();

        using var locked = Take();

        Assert.NotNull(locked);
    }

    [Fact]
    public void A_server_binds_in_a_directory_that_another_user_keeps_locked()
    {
        Open(0b111_101_101);
        using var kept = Keep();

        using var receiver = Receiver.Bind($"unix://{Place}/calc");
        using var reader = Receiver.Bind($"fifo://{Place}/line");

        Assert.Equal(2, Directory.GetFileSystemEntries(Place).Length);
    }

    /// <summary>
    /// A directory that others may read is locked by the runtime directory. Whichever of the two is replaced, its old lock excludes no
    /// process that opens the path.
    /// </summary>
    [Theory]
    [InlineData(0b111_000_000)]
    [InlineData(0b111_101_101)]
    public async Task Waiter_of_a_directory_that_is_replaced_waits_for_the_owner_of_the_new_one(int mode)
    {
        Open(mode);
        DirectoryLock old = Take()!;
        PollCountingClock clock = new();
        Task<DirectoryLock?> waiting = Task.Run(() => DirectoryLock.TryTake(Place, TimeSpan.FromSeconds(5), out _, Runtime, clock));
        await clock.PolledAsync();
        string locked = Path.Exists(Runtime.Path) ? Runtime.Path : Place;
        using (DirectoryLock owner = Replace(locked))
        {
            old.Dispose();
            string after = OpenDescriptors.FileAt(locked);
            await Polling.Until(() => waiting.IsCompleted || OpenDescriptors.OfFile(Environment.ProcessId, after) == 2);
            Assert.False(waiting.IsCompleted);
        }

        using DirectoryLock? next = await waiting;
        Assert.NotNull(next);
        Assert.Null(Take());
    }

    [Fact]
    public async Task Owner_of_a_directory_that_was_replaced_while_it_waited_has_the_new_directory_open()
    {
        Open(0b111_101_101);
        DirectoryLock old = Take()!;
        PollCountingClock clock = new();
        Task<DirectoryLock?> waiting = Task.Run(() => DirectoryLock.TryTake(Place, TimeSpan.FromSeconds(5), out _, Runtime, clock));
        await clock.PolledAsync();
        Directory.Move(Place, _temporary["before"]);
        Directory.CreateDirectory(Place);
        Open(0b111_101_101);
        old.Dispose();
        using DirectoryLock? next = await waiting;
        Assert.Equal(FileIdentity.At(Place), FileIdentity.Of(NativeFile.Fstat(next!.Directory)!));
    }

    [Fact]
    public async Task Server_that_waits_for_a_directory_that_is_replaced_waits_for_the_owner_of_the_new_one()
    {
        string before = OpenDescriptors.FileAt(Place);
        DirectoryLock old = Take()!;
        await using PeerProcess server = PeerProcess.Start("socketfile", Runtime.Path, $"{Place}/calc", "Stream", "false");
        await Polling.Until(() => ShownBy(before) == 1);
        DirectoryLock owner = Replace(Place);
        Task<string> ready = server.ReadLineAsync();
        old.Dispose();
        string after = OpenDescriptors.FileAt(Place);
        await Polling.Until(() => ready.IsCompleted || ShownBy(after) == 1);
        Assert.False(ready.IsCompleted);
        Assert.False(Path.Exists($"{Place}/calc"));
        owner.Dispose();
        Assert.Equal("ready", await ready);
        Assert.True(Path.Exists($"{Place}/calc"));
        Assert.Equal(0, await server.FinishAsync());

        // Its patience is for one owner, and each owner sets the time of change.
        int ShownBy(string directory)
        {
            Array.ForEach(
                Directory.GetDirectories(_temporary.Path),
                static held => Directory.SetLastWriteTimeUtc(held, TimeProvider.System.GetUtcNow().UtcDateTime));
            return OpenDescriptors.OfFile(server.Id, directory);
        }
    }

    private DirectoryLock Replace(string directory)
    {
        Directory.Move(directory, _temporary["before"]);
        Directory.CreateDirectory(directory, (UnixFileMode)0b111_000_000);
        return Take()!;
    }

    private void Open(int mode) => File.SetUnixFileMode(Place, (UnixFileMode)mode);

    private DirectoryLock? Take()
    {
        var locked = DirectoryLock.TryTake(Place, TimeSpan.Zero, out var error, Runtime);
        Assert.Equal(Errno.None, error);
        return locked;
    }

    // As any user can do who may open it.
    private Descriptor Keep()
    {
        var directory = NativeFile.Open(Place, OpenFlags.ReadOnly | OpenFlags.Directory, 0, out _)!;
        Assert.True(NativeFile.TryFlock(directory));
        return directory;
    }

    /// <summary>A clock that moves by hand, and shows that a waiter has looked at it again.</summary>
    private sealed class PollCountingClock : TimeProvider
    {
        private long _now;
        private int _polls;

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _polls);
            return Volatile.Read(ref _now);
        }

        public void Advance(TimeSpan span) => Interlocked.Add(ref _now, span.Ticks * TimestampFrequency / TimeSpan.TicksPerSecond);

        /// <summary>Completes when the waiter has looked at everything once more since the call.</summary>
        public async Task PolledAsync()
        {
            int before = Volatile.Read(ref _polls);
            await Polling.Until(() => Volatile.Read(ref _polls) >= before + 3);
        }
    }
}
