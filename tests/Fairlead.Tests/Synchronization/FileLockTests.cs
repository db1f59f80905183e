using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairlead.Conformance;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Synchronization;
using Fairlead.Time;

namespace Fairlead.Tests.Synchronization;

[SlowRun]
public sealed class FileLockTests : WatchedTest
{
    private readonly TemporaryDirectory _folder;

    public FileLockTests(ITestOutputHelper output)
        : base(output) => _folder = Track(new TemporaryDirectory());

    public static TheoryData<string> Languages => [.. LockPartners.Languages];

    private string FilePath => Path.Combine(_folder.Path, "lock");

    [Fact]
    public async Task One_owner_excludes_all_and_readers_admit_each_other()
    {
        FileLock file = FileLock.Open(FilePath);
        Assert.True(File.Exists(FilePath));
        using (file.Enter())
        {
            Assert.Null(file.TryEnter(TimeSpan.Zero));
            Assert.Null(file.TryEnterShared(2.Milliseconds()));
            Assert.Null(await file.TryEnterAsync(2.Milliseconds()));
            Assert.Null(await file.TryEnterSharedAsync(TimeSpan.Zero));
            FairleadException error = Fails(ErrorCode.Timeout, () => file.Enter(2.Milliseconds()));
            Assert.Equal(file.Holders.Count > 0 ? Environment.ProcessId : null, error.Peer?.ProcessId);
            Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        }

        using FileLockScope reader = file.EnterShared();
        await using (await file.EnterSharedAsync())
        {
            Assert.Null(file.TryEnter(TimeSpan.Zero));
        }

        reader.Dispose();
        reader.Dispose();
        await using FileLockScope writer = await file.EnterAsync(60.Seconds());
        Assert.Null(file.TryEnterShared(TimeSpan.Zero));
    }

    [Fact]
    public async Task A_release_admits_a_blocking_call_and_an_asynchronous_call()
    {
        FileLock file = FileLock.Open(FilePath);
        FileLockScope held = file.Enter();
        Task<FileLockScope> blocked = OnThread(() => file.EnterShared());
        Task<FileLockScope> asynchronous = file.EnterSharedAsync().AsTask();
        Assert.False(blocked.IsCompleted || asynchronous.IsCompleted);
        held.Dispose();
        (await blocked).Dispose();
        (await asynchronous).Dispose();
    }

    [Fact]
    public async Task A_token_ends_a_wait()
    {
        FileLock file = FileLock.Open(FilePath);
        using FileLockScope held = file.Enter();
        using CancellationTokenSource source = new();
        Task blocked = OnThread(() => file.Enter(null, source.Token));
        Task asynchronous = file.EnterAsync(null, source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocked);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asynchronous);
    }

    [ToolFact("flock")]
    public void The_command_flock_excludes_and_is_excluded()
    {
        FileLock file = FileLock.Open(FilePath);
        using (file.Enter())
        {
            Assert.Equal(1, Run("-n", FilePath, "true"));
            Assert.Equal(1, Run("-n", "-s", FilePath, "true"));
        }

        using (file.EnterShared())
        {
            Assert.Equal(1, Run("-n", FilePath, "true"));
            Assert.Equal(0, Run("-n", "-s", FilePath, "true"));
        }

        Assert.Equal(0, Run("-n", FilePath, "true"));
    }

    [Fact]
    public async Task Eight_processes_in_two_languages_increment_a_counter_under_the_file_lock_without_loss() =>
        Assert.Equal(8 * 300, await LockPartners.SumAsync(_folder.Path, "file", FilePath, 8, 300));

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task The_lock_of_a_killed_process_is_free(string language)
    {
        FileLock file = FileLock.Open(FilePath);
        await using PeerProcess partner = LockPartners.Start(_folder.Path, language, "file", FilePath, "-");
        await partner.AskAsync("enter");
        Assert.Null(file.TryEnter(TimeSpan.Zero));
        Task<FileLockScope> next = OnThread(() => file.Enter());
        await partner.KillAsync();
        (await next).Dispose();
    }

    [Fact]
    public void A_file_that_was_replaced_is_locked_again()
    {
        FileLock file = FileLock.Open(FilePath);
        using FileLockScope held = file.Enter();
        File.Delete(FilePath);
        using FileLockScope next = file.Enter();
        Assert.True(File.Exists(FilePath));
        Assert.Null(file.TryEnter(TimeSpan.Zero));
    }

    /// <summary>The waiter gets the lock of the file that it opened, which then excludes no process at the path.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Waiter_of_a_file_that_is_replaced_waits_for_the_owner_of_the_new_file(bool isShared)
    {
        FileLock file = FileLock.Open(FilePath);
        string before = OpenDescriptors.FileAt(FilePath);
        FileLockScope old = file.Enter();
        Task<FileLockScope> waiting = OnThread(() => isShared ? file.EnterShared() : file.Enter());
        await Until(() => OpenDescriptors.OfFile(Environment.ProcessId, before) == 2, "the waiter has opened the file");
        FileLockScope owner = Replace(file, out string after);
        old.Dispose();
        await Until(
            () => waiting.IsCompleted || OpenDescriptors.OfFile(Environment.ProcessId, after) == 2,
            "the waiter has opened the new file, or is an owner");
        Assert.False(waiting.IsCompleted);
        owner.Dispose();
        using FileLockScope next = await waiting;
        Assert.Null(file.TryEnter(TimeSpan.Zero));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Waiter_that_polls_gets_the_lock_of_the_file_that_the_path_has_then(bool isShared, bool blocks)
    {
        FileLock file = FileLock.Open(FilePath);
        using FileLockScope old = file.Enter();
        TimeSpan hour = TimeSpan.FromHours(1);
        Task<FileLockScope?> waiting = (isShared, blocks) switch
        {
            (false, false) => file.TryEnterAsync(hour).AsTask(),
            (false, true) => OnThread(() => file.TryEnter(hour)),
            (true, false) => file.TryEnterSharedAsync(hour).AsTask(),
            (true, true) => OnThread(() => file.TryEnterShared(hour)),
        };
        Replace(file, out _).Dispose();
        using FileLockScope? next = await waiting;
        Assert.NotNull(next);
        Assert.Null(file.TryEnter(TimeSpan.Zero));
    }

    [Fact]
    public async Task Waiter_in_another_process_waits_for_the_owner_of_the_new_file()
    {
        FileLock file = FileLock.Open(FilePath);
        string before = OpenDescriptors.FileAt(FilePath);
        FileLockScope old = file.Enter();
        await using PeerProcess partner = PeerProcess.Start("foreign", "file", FilePath);
        await partner.TellAsync("enter");
        await Until(() => OpenDescriptors.OfFile(partner.Id, before) == 1, "the waiter has opened the file");
        FileLockScope owner = Replace(file, out string after);
        Task<string> answer = partner.AnswerAsync();
        old.Dispose();
        await Until(
            () => answer.IsCompleted || OpenDescriptors.OfFile(partner.Id, after) == 1,
            "the waiter has opened the new file, or is an owner");
        Assert.False(answer.IsCompleted);
        owner.Dispose();
        await answer;
        Assert.Null(file.TryEnter(TimeSpan.Zero));
    }

    [Fact]
    public void A_scope_that_is_forgotten_keeps_the_lock()
    {
        FileLock file = FileLock.Open(FilePath);
        Forget(file);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Null(file.TryEnter(TimeSpan.Zero));
    }

    [Fact]
    public void A_directory_can_be_locked_and_a_FIFO_or_device_cannot()
    {
        using (FileLock.Open(_folder.Path).Enter())
        {
            Assert.Null(FileLock.Open(_folder.Path).TryEnter(TimeSpan.Zero));
        }

        Assert.Equal(Errno.None, NativeFile.MakeFifo(FilePath, 0x180));
        Fails(ErrorCode.NotSupported, () => FileLock.Open(FilePath));
        Fails(ErrorCode.NotSupported, () => FileLock.Open("/dev/null"));
        Fails(ErrorCode.NotFound, () => FileLock.Open(Path.Combine(_folder.Path, "none", "lock")));
        string link = Path.Combine(_folder.Path, "link");
        File.CreateSymbolicLink(link, Path.Combine(_folder.Path, "target"));
        FileLock.Open(link).Enter().Dispose();
        Assert.True(File.Exists(Path.Combine(_folder.Path, "target")));
    }

    [OrdinaryUserFact]
    public void A_file_that_this_user_may_not_read_is_refused_with_what_to_do()
    {
        FileLock.Open(FilePath);
        File.SetUnixFileMode(FilePath, UnixFileMode.None);
        FairleadException error = Fails(ErrorCode.PermissionDenied, () => FileLock.Open(FilePath));
        Assert.Contains("gives read permission", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Gives the path another file, as programs do that save a file, and takes its lock.</summary>
    private FileLockScope Replace(FileLock file, out string identity)
    {
        string other = FilePath + ".new";
        File.Create(other).Dispose();
        identity = OpenDescriptors.FileAt(other);
        File.Move(other, FilePath, overwrite: true);
        return file.Enter();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(FileLock file) => _ = file.Enter();

    private static int Run(params string[] arguments)
    {
        using Process process = Process.Start("flock", arguments);
        process.WaitForExit();
        return process.ExitCode;
    }
}
