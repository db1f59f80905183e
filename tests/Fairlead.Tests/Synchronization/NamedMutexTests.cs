using System.Diagnostics.Tracing;
using System.Runtime.CompilerServices;
using Fairlead.Diagnostics;
using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Registry;
using Fairlead.Synchronization;
using Fairlead.Synchronization.Words;
using Fairlead.Tests.Memory;

namespace Fairlead.Tests.Synchronization;

public sealed class NamedMutexTests : IDisposable
{
    private readonly string _name = $"m-{Guid.NewGuid():N}";

    private string FilePath => $"{FairleadDirectory.Runtime}/{NamedRegion.LockFolder}/{_name}";

    public void Dispose()
    {
        if (File.Exists(FilePath))
        {
            File.Delete(FilePath);
        }
    }

    [Fact]
    public void The_fields_of_a_mutex_are_at_their_documented_offsets()
    {
        Assert.Equal(
            (0, 8, 12, 64, 68, 72),
            (
                MutexLayout.HeaderAt,
                MutexLayout.NamespaceAt,
                MutexLayout.MixedAt,
                MutexLayout.WordAt,
                MutexLayout.InDoubtAt,
                MutexLayout.EntriesAt));
        Assert.Equal(
            (80, 88, 92, 96, 104, 128),
            (
                MutexLayout.ParticipantAt,
                MutexLayout.ProcessAt,
                MutexLayout.ThreadAt,
                MutexLayout.SinceAt,
                MutexLayout.KeeperAt,
                MutexLayout.WaitQueueAt));
        Assert.Equal(
            (0, 64, 64, 256, 128),
            (WaitQueueLayout.TicketsAt, WaitQueueLayout.PlacesAt, WaitQueueLayout.PlaceSize, WaitQueueLayout.Places,
             WaitQueueLayout.MostWaiting));
        Assert.Equal(
            (8, 16, 20, 24, 32),
            (WaitQueueLayout.ParticipantAt, WaitQueueLayout.ProcessAt, WaitQueueLayout.ThreadAt, WaitQueueLayout.SinceAt,
             WaitQueueLayout.KeeperAt));
        Assert.Equal(16_576L, NamedMutex.SizeInRegion);
        Assert.Equal(32, Unsafe.SizeOf<OwnerInfo>());
        using NamedMutex mutex = NamedMutex.Open(_name, new() { Recursive = true });
        mutex.Enter().Dispose();
        using MutexScope scope = mutex.Enter();
        byte[] file = File.ReadAllBytes(FilePath);
        ReadOnlySpan<byte> words = file.AsSpan(RegionLayout.HeaderSize);
        Assert.Equal(
            (1u, 0x014d_4c46u, 0u), (BitConverter.ToUInt32(words), BitConverter.ToUInt32(words[4..]), BitConverter.ToUInt32(words[12..])));
        Assert.Equal((2L, Environment.ProcessId), (BitConverter.ToInt64(words[72..]), BitConverter.ToInt32(words[88..])));
        Assert.Equal(BitConverter.ToUInt32(words[64..]), BitConverter.ToUInt32(words[104..]));
        Assert.NotEqual(0u, BitConverter.ToUInt32(words[64..]));
    }

    [Theory]
    [InlineData(0u, 0u, false, false, true)]
    [InlineData(7u, 7u, false, false, false)]
    [InlineData(0x8000_0007u, 7u, true, false, false)]
    [InlineData(0x8000_0000u, 0u, true, false, false)]
    [InlineData(0x4000_0000u, 0u, false, true, false)]
    [InlineData(0xc000_0000u, 0u, true, true, false)]
    public void A_lock_word_encodes_owner_sleeper_and_abandonment(uint value, uint owner, bool hasSleeper, bool hasDied, bool isIdle)
    {
        LockWord word = new(value);
        Assert.Equal((owner, hasSleeper, hasDied, isIdle), (word.Owner, word.HasSleeper, word.HasDied, word.IsIdle));
        Assert.True(word.WithSleeper.HasSleeper);
        Assert.Equal((owner, hasDied), (word.WithSleeper.Owner, word.WithSleeper.HasDied));
        Assert.Equal((0u, hasSleeper, true), (word.Abandoned.Owner, word.Abandoned.HasSleeper, word.Abandoned.HasDied));
    }

    [Fact]
    public void A_mutex_with_other_options_or_another_layout_is_refused()
    {
        Assert.False(NamedMutex.Remove(_name));
        NamedMutex.Open(_name).Dispose();
        FairleadException other = Fails(ErrorCode.Incompatible, new() { Recursive = true });
        Assert.Contains("is not recursive, but recursive was requested", other.Message, StringComparison.Ordinal);
        Patch(RegionLayout.HeaderSize + 7, 2);
        Assert.Contains(
            "has layout version 2, but this program uses version 1", Fails(ErrorCode.Incompatible).Message, StringComparison.Ordinal);
        Patch(RegionLayout.HeaderSize + 4, 'X');
        Assert.Contains(
            "is not a lock of this kind: the memory holds something else", Fails(ErrorCode.Corrupt).Message, StringComparison.Ordinal);
        Patch(RegionLayout.VersionAt, 9);
        Assert.Contains("has layout version 9", Fails(ErrorCode.Incompatible).Message, StringComparison.Ordinal);
        Patch(RegionLayout.VersionAt, 1);
        Patch(RegionLayout.ContentAt, 1);
        Assert.Contains("holds a region, but a mutex was requested", Fails(ErrorCode.Incompatible).Message, StringComparison.Ordinal);
        Assert.True(NamedMutex.Remove(_name));
        NamedMutex.Open(_name).Dispose();
        Cut(100);
        Assert.Contains("is damaged", Fails(ErrorCode.Corrupt).Message, StringComparison.Ordinal);
        Assert.True(NamedMutex.Remove(_name));
        NamedMutex.Open(_name).Dispose();
        Patch(RegionLayout.SizeAt, 0xe8);
        Patch(RegionLayout.SizeAt + 1, 3);
        Assert.Contains("is too short", Fails(ErrorCode.Corrupt).Message, StringComparison.Ordinal);
        File.WriteAllText(FilePath, "not ours");
        Fails(ErrorCode.AlreadyExists);
        Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => NamedMutex.Remove(_name)).Code);
        Assert.Throws<ArgumentException>(() => NamedMutex.Open("no/name"));
    }

    [OrdinaryUserFact]
    public void A_mutex_that_this_user_may_not_open_is_refused()
    {
        NamedMutex.Open(_name).Dispose();
        File.SetUnixFileMode(FilePath, UnixFileMode.None);
        Fails(ErrorCode.PermissionDenied);
    }

    [MountFact]
    public async Task A_full_file_system_is_an_error()
    {
        using SmallFileSystem small = new();
        Dictionary<string, string?> environment = new() { ["XDG_RUNTIME_DIR"] = small.Path };
        using (SharedRegion.OpenFile($"{small.Path}/much", SmallFileSystem.Size - 16_384))
        {
            await using PeerProcess refused = PeerProcess.Start(environment, "mutex", "name:m");
            Assert.StartsWith("error Full not enough space for the mutex 'm': ", await refused.ReadLineAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Verify_reports_a_removed_mutex()
    {
        using NamedMutex mutex = NamedMutex.Open(_name);
        mutex.Verify();
        Assert.True(NamedMutex.Remove(_name));
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(mutex.Verify).Code);
        using NamedMutex other = NamedMutex.Open(_name);
        using MutexScope one = mutex.Enter();
        using MutexScope two = other.Enter();
        Assert.NotEqual(one, two);
    }

    [Fact]
    public void OpenIn_checks_the_offset_and_the_content()
    {
        using SharedRegion region = SharedRegion.Create(NamedMutex.SizeInRegion + 128);
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMutex.OpenIn(region, 192));
        Assert.Throws<ArgumentOutOfRangeException>(() => NamedMutex.OpenIn(region, -64));
        Assert.Throws<ArgumentException>(() => NamedMutex.OpenIn(region, 32));
        region.At<long>(64) = 77;
        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(() => NamedMutex.OpenIn(region, 64)).Code);
        region.At<long>(64) = 0;
        using NamedMutex mutex = NamedMutex.OpenIn(region, 64);
        region.Dispose();
        Assert.Null(mutex.Name);
        using MutexScope scope = mutex.Enter();
        mutex.Verify();
        Assert.Throws<ObjectDisposedException>(() => NamedMutex.OpenIn(region, 64));
    }

    [Fact]
    public void The_death_of_an_owner_that_the_kernel_has_not_marked_is_reported()
    {
        // No thread can have this number.
        const uint Nobody = 0x2fff_ffff;
        using SharedRegion region = SharedRegion.Create(NamedMutex.SizeInRegion);
        using NamedMutex mutex = NamedMutex.OpenIn(region, 0);
        region.At<uint>(MutexLayout.WordAt) = Nobody;
        using (MutexScope scope = mutex.Enter())
        {
            Assert.True(scope.OwnerDied);
        }

        using (MutexScope scope = mutex.Enter())
        {
            Assert.True(scope.OwnerDied);
            scope.MarkConsistent();
        }

        using MutexScope last = mutex.Enter();
        Assert.False(last.OwnerDied);
    }

    [Fact]
    public void A_lost_scope_is_reported_and_keeps_the_mutex()
    {
        using Listener listener = new();
        using NamedMutex mutex = NamedMutex.Open(_name);
        Lose(mutex);
        for (int i = 0; i < 100 && !listener.Heard.Any(text => text.Contains(_name, StringComparison.Ordinal)); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Contains(listener.Heard, text => text.Contains(_name, StringComparison.Ordinal));
        Assert.False(mutex.TryEnter(TimeSpan.Zero, out _));
        Assert.Equal(Environment.ProcessId, mutex.Holder?.Peer.ProcessId);
    }

    [Fact]
    public void An_unreferenced_mutex_is_unmapped_when_no_scope_is_inside()
    {
        using NamedMutex mutex = NamedMutex.Open(_name);
        MutexScope scope = OpenAndEnter();
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.False(mutex.TryEnter(TimeSpan.Zero, out _));
        scope.Dispose();
        int before = Mappings();
        for (int i = 0; i < 100; i++)
        {
            OpenAndEnter().Dispose();
        }

        for (int i = 0; i < 100 && Mappings() > before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.True(Mappings() <= before);
        mutex.Enter().Dispose();
    }

    [Fact]
    public async Task Callers_that_wait_at_a_disposed_mutex_enter_and_the_last_one_unmaps_it()
    {
        using NamedMutex other = NamedMutex.Open(_name);
        for (int i = 0; i < 100; i++)
        {
            NamedMutex closed = NamedMutex.Open(_name);
            MutexScope inside = closed.Enter();
            Task[] waiting =
            [
                .. Enumerable
                    .Range(0, 3)
                    .Select(_ => Task.Factory.StartNew(() => closed.Enter().Dispose(), TaskCreationOptions.LongRunning)),
                closed.EnterAsync().AsTask().ContinueWith(static entered => entered.Result.Dispose(), TaskScheduler.Default),
            ];
            await UntilWaitingAsync(other, 4);
            closed.Dispose();
            inside.Dispose();
            await Task.WhenAll(waiting);
        }

        other.Enter().Dispose();
    }

    [Fact]
    public async Task Each_waiter_has_a_thread_if_the_kernel_cannot_wait_for_several_words()
    {
        await using PeerProcess one = PeerProcess.Start("mutex", "onebyone", $"name:{_name}");
        Assert.Equal("ready", await one.ReadLineAsync());
        using NamedMutex mutex = NamedMutex.Open(_name);
        for (int i = 0; i < 20; i++)
        {
            using (mutex.Enter())
            {
                await one.TellAsync("async");
                await UntilWaitingAsync(mutex, 1);
            }

            Assert.Equal("", await one.AnswerAsync());
            Task<MutexScope> next = mutex.EnterAsync().AsTask();
            await UntilWaitingAsync(mutex, 1);
            Assert.Equal("", await one.AskAsync("leave"));
            (await next).Dispose();
        }
    }

    private static Task UntilWaitingAsync(NamedMutex mutex, int count) => Polling.Until(() => mutex.Waiters.Count == count);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Lose(NamedMutex mutex) => mutex.Enter();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private MutexScope OpenAndEnter() => NamedMutex.Open(_name).Enter();

    private int Mappings() => File.ReadLines("/proc/self/maps").Count(line => line.EndsWith(_name, StringComparison.Ordinal));

    private FairleadException Fails(ErrorCode code, NamedMutexOptions? options = null)
    {
        FairleadException error = Assert.Throws<FairleadException>(() => NamedMutex.Open(_name, options));
        Assert.Equal(code, error.Code);
        return error;
    }

    private void Patch(int offset, int value)
    {
        using FileStream file = File.OpenWrite(FilePath);
        file.Position = offset;
        file.WriteByte((byte)value);
    }

    private void Cut(long length)
    {
        using FileStream file = File.OpenWrite(FilePath);
        file.SetLength(length);
    }

    private sealed class Listener : EventListener
    {
        private readonly Lock _gate = new();
        private readonly List<string> _heard = [];

        public string[] Heard
        {
            get
            {
                lock (_gate)
                {
                    return [.. _heard];
                }
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Fairlead")
            {
                EnableEvents(eventSource, EventLevel.Warning);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == "ScopeLost")
            {
                lock (_gate)
                {
                    _heard.Add(string.Join(' ', eventData.Payload ?? (IEnumerable<object?>)[]));
                }
            }
        }
    }
}
