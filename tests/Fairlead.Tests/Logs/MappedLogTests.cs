using System.Globalization;
using System.Text;
using Fairlead.Logs;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Tests.Logs;

public sealed partial class MappedLogTests : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    private string Address => $"log://{_directory["orders"]}?segment=64KiB";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Records_are_numbered_and_replayed_in_order()
    {
        using var log = MappedLog.Open(Address);
        Assert.Equal([1, 2, 3], [log.Append("one"u8), log.Append(""u8), log.Append("three"u8)]);

        using var again = MappedLog.Open(Address);
        Assert.Equal(["1 one", "2 ", "3 three"], Texts(again));
        Assert.Equal(["2 ", "3 three"], Texts(again, LogStart.At(2)));
        Assert.Empty(Texts(again, LogStart.End));
        Assert.Empty(Texts(again, LogStart.At(4)));
        Assert.Equal(4, again.Append("four"u8));
        Assert.Equal(["4 four"], Texts(log, LogStart.At(4)));
    }

    [Fact]
    public void A_log_outlives_the_programs_that_use_it()
    {
        using (var log = MappedLog.Open(Address))
        {
            log.Append("kept"u8);
        }

        using var next = MappedLog.Open(Address, new LogOptions { Create = false });
        Assert.Equal(["1 kept"], Texts(next));
        Assert.Equal(2, next.Append("more"u8));
    }

    [Fact]
    public void Records_contain_their_time_and_their_appender()
    {
        using var log = MappedLog.Open(Address);
        var before = TimeProvider.System.GetUtcNow();
        log.Append("one"u8);
        log.Append("two"u8);

        var records = log.Replay().Select(static record => (record.Time, record.Appender)).ToList();

        Assert.InRange(records[0].Time, before, TimeProvider.System.GetUtcNow());
        Assert.NotEqual(0UL, records[0].Appender);
        Assert.Equal(records[0].Appender, records[1].Appender);
    }

    [Fact]
    public void A_log_grows_by_segments_and_reading_starts_at_any_number()
    {
        using var log = MappedLog.Open(Address);
        byte[] body = new byte[1000];
        for (int i = 1; i <= 500; i++)
        {
            BitConverter.TryWriteBytes(body, i);
            Assert.Equal(i, log.Append(body.AsSpan(0, 4 + (i * 7 % 900))));
        }

        var info = log.Info();
        Assert.Equal((500L, 501L, 1L), (info.Records, info.Next, info.First));
        Assert.True(info.Segments > 3, $"{info.Segments} segments");
        Assert.Empty(info.Damages);
        for (int from = 1; from <= 501; from += 25)
        {
            Assert.Equal(
                Enumerable.Range(from, 501 - from),
                log.Replay(LogStart.At(from)).Select(static record => BitConverter.ToInt32(record.Span)));
        }
    }

    [Fact]
    public void Reading_starts_at_a_given_time()
    {
        SteppingClock clock = new();
        using var log = MappedLog.Open(Address, new LogOptions { TimeProvider = clock });
        var begin = clock.Now;
        for (int i = 0; i < 2000; i++)
        {
            log.Append(new byte[100]);
            clock.Now += TimeSpan.FromSeconds(1);
        }

        foreach (int second in (int[])[0, 1, 399, 400, 1000, 1999])
        {
            Assert.Equal(second + 1, log.Replay(LogStart.At(begin.AddSeconds(second))).First().Sequence);
        }

        Assert.Equal(1001, log.Replay(LogStart.At(begin.AddSeconds(999.5))).First().Sequence);
        Assert.Equal(1, log.Replay(LogStart.At(begin.AddDays(-1))).First().Sequence);
        Assert.Empty(log.Replay(LogStart.At(begin.AddDays(1))));
    }

    [Fact]
    public void A_record_longer_than_a_segment_holds_is_refused_and_the_longest_possible_is_not()
    {
        using var log = MappedLog.Open(Address);
        int longest = Fairlead.Logs.Storage.LogLayout.LongestBody(64 * 1024);

        Assert.Equal(ErrorCode.TooLarge, Assert.Throws<FairleadException>(() => log.Append(new byte[longest + 1])).Code);
        Assert.Equal(1, log.Append(new byte[longest]));
        Assert.Equal(2, log.Append(new byte[longest]));
        Assert.Equal(3, log.Append("x"u8));
        Assert.Equal([longest, longest, 1], log.Replay().Select(static record => record.Length));
    }

    [Fact]
    public async Task A_follower_waits_for_new_records()
    {
        using var log = MappedLog.Open(Address);
        log.Append("before"u8);
        using var follower = log.Follow(LogStart.End);
        using var other = log.Follow();
        Assert.False(follower.TryRead(out _));
        Assert.False(follower.TryRead(out _, TimeSpan.FromMilliseconds(20)));
        var blocking = Task.Factory.StartNew(() => Text(follower.Read()), TaskCreationOptions.LongRunning);
        Assert.Equal("1 before", Text(await other.ReadAsync()));
        var asynchronous = other.ReadAsync().AsTask();
        Assert.False(asynchronous.IsCompleted);

        log.Append("after"u8);

        Assert.Equal("2 after", await blocking.WaitAsync(Watchdog));
        Assert.Equal("2 after", Text(await asynchronous.WaitAsync(Watchdog)));
    }

    [Fact]
    public async Task Waits_end_at_their_token_their_time_and_their_followers_end()
    {
        using var log = MappedLog.Open(Address);
        var follower = log.Follow();
        using CancellationTokenSource cancel = new();
        var blocking = Task.Factory.StartNew(() => follower.Read(cancel.Token), TaskCreationOptions.LongRunning);
        var asynchronous = follower.ReadAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking.WaitAsync(Watchdog));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asynchronous.WaitAsync(Watchdog));
        Assert.Throws<OperationCanceledException>(() => follower.Read(cancel.Token));

        blocking = Task.Factory.StartNew(() => follower.Read(), TaskCreationOptions.LongRunning);
        asynchronous = follower.ReadAsync().AsTask();
        follower.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => blocking.WaitAsync(Watchdog));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => asynchronous.WaitAsync(Watchdog));
        Assert.Throws<ObjectDisposedException>(() => follower.TryRead(out _));
    }

    [Fact]
    public async Task Many_followers_wait_without_a_thread_each()
    {
        using var log = MappedLog.Open(Address);
        var followers = Enumerable.Range(0, 50).Select(_ => log.Follow()).ToList();
        var tasks = followers.ConvertAll(async follower =>
        {
            long sum = 0;
            await foreach (var record in follower.ReadAllAsync())
            {
                sum += record.Sequence;
                if (record.Sequence == 100)
                {
                    break;
                }
            }

            return sum;
        });
        for (int i = 0; i < 100; i++)
        {
            log.Append("x"u8);
            await Task.Yield();
        }

        Assert.All(await Task.WhenAll(tasks).WaitAsync(Watchdog), static sum => Assert.Equal(5050, sum));
        followers.ForEach(static follower => follower.Dispose());
    }

    [Fact]
    public void A_named_position_is_kept_and_has_one_follower()
    {
        using var log = MappedLog.Open(Address);
        for (int i = 0; i < 10; i++)
        {
            log.Append("x"u8);
        }

        using (var follower = log.Follow("billing"))
        {
            Assert.Equal([1, 2, 3], [follower.Read().Sequence, follower.Read().Sequence, follower.Read().Sequence]);
            follower.Commit();
            Assert.Equal(4, follower.Read().Sequence);
            var held = Assert.Throws<FairleadException>(() => log.Follow("billing"));
            Assert.Equal((ErrorCode.AlreadyExists, Environment.ProcessId), (held.Code, held.Peer?.ProcessId));
            Assert.Equal(
                ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => MappedLog.RemovePosition(Address, "billing")).Code);
        }

        using (var next = log.Follow("billing", LogStart.End))
        {
            Assert.Equal(4, next.Read().Sequence);
        }

        Assert.Equal(
            ("billing", 4L, 7L, false),
            log.Info().Positions.Select(static position => (position.Name, position.Next, position.Behind, position.IsHeld)).Single());
        Assert.True(MappedLog.RemovePosition(Address, "billing"));
        Assert.False(MappedLog.RemovePosition(Address, "billing"));
        using var anew = log.Follow("billing");
        Assert.Equal(1, anew.Read().Sequence);
        Assert.Throws<InvalidOperationException>(() => log.Follow().Commit());
        Assert.Throws<ArgumentException>(() => log.Follow("a/b"));
    }

    [Fact]
    public void Reading_begins_at_the_oldest_record_by_default()
    {
        using var log = MappedLog.Open(Address);
        log.Append("one"u8);
        log.Append("two"u8);
        Assert.Equal(default, LogStart.Oldest);
        Assert.Equal("start", LogStart.Oldest.ToString());
        Assert.True(LogStart.TryParse("start", out LogStart start) && start == LogStart.Oldest);
        Assert.Equal(["1 one", "2 two"], Texts(log, LogStart.Oldest));
        using var follower = log.Follow(LogStart.Oldest);
        Assert.Equal(1, follower.Read().Sequence);
    }

    [Theory]
    [InlineData("2026-11-20", "2026-11-20T00:00")]
    [InlineData(" 2026-11-20 ", "2026-11-20T00:00:00.000")]
    [InlineData("2026-11-20 12:00", "2026-11-20T12:00")]
    public void A_date_alone_is_its_local_midnight(string text, string time)
    {
        Assert.True(LogStart.TryParse(text, out LogStart start));
        Assert.Equal(LogStart.At(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal)), start);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1.5")]
    [InlineData("2026-13-01")]
    [InlineData("20-11-2026")]
    [InlineData("November 2026")]
    public void A_text_that_is_no_time_is_refused(string? text) => Assert.False(LogStart.TryParse(text, out _));

    [Fact]
    public void An_inaccessible_log_is_an_error_with_the_systems_reason()
    {
        // A link that leads to itself fails for every user, root included.
        File.CreateSymbolicLink(_directory["loop"], "loop");
        string address = $"log://{_directory["loop/orders"]}";

        foreach (Action use in new Action[] { () => MappedLog.Exists(address), () => MappedLog.Open(address) })
        {
            Assert.Contains("cannot be accessed (ELOOP: ", Assert.Throws<FairleadException>(use).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_missing_log_is_created_only_if_allowed()
    {
        Assert.False(MappedLog.Exists(Address));
        Assert.Equal(
            ErrorCode.NotFound, Assert.Throws<FairleadException>(() => MappedLog.Open(Address, new LogOptions { Create = false })).Code);
        Assert.False(Directory.Exists(_directory["orders"]));
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<FairleadException>(() => MappedLog.Open($"log://{_directory["no/orders"]}")).Code);
        Assert.Equal(ErrorCode.NotSupported, Assert.Throws<FairleadException>(() => MappedLog.Open("shm://orders")).Code);
        Assert.Throws<AddressFormatException>(() => MappedLog.Open(Address + "&sgment=1MiB"));
    }

    [Fact]
    public void A_file_or_folder_that_is_not_a_log_is_left_alone()
    {
        File.WriteAllText(_directory["file"], "mine");
        Directory.CreateDirectory(_directory["folder"]);
        File.WriteAllText(_directory["folder/letter"], "mine");
        foreach (string name in (string[])["file", "folder"])
        {
            Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => MappedLog.Open($"log://{_directory[name]}")).Code);
        }

        Assert.Equal(
            ["folder/letter"],
            Directory.GetFileSystemEntries(_directory["folder"]).Select(path => Path.GetRelativePath(_directory.Path, path)));
    }

    [Fact]
    public void A_log_is_removed_with_all_its_files_unless_a_program_has_it_open()
    {
        using (var log = MappedLog.Open(Address))
        {
            log.Append("x"u8);
            log.Follow("me").Dispose();
            Assert.Equal(ErrorCode.AlreadyExists, Assert.Throws<FairleadException>(() => MappedLog.Remove(Address)).Code);
        }

        Assert.True(MappedLog.Remove(Address));
        Assert.False(MappedLog.Remove(Address));
        Assert.False(Directory.Exists(_directory["orders"]));
    }

    [Fact]
    public void A_log_can_be_removed_while_a_child_that_is_starting_holds_a_copy_of_its_descriptor()
    {
        MappedLog log = MappedLog.Open(Address);
        log.Append("x"u8);
        int control = Directory
            .GetFiles("/proc/self/fd")
            .Where(file => new FileInfo(file).LinkTarget == $"{_directory["orders"]}/control")
            .Select(file => int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture))
            .Single();
        using Descriptor copy = NativeSpawn.Duplicate(control, lowest: 3, out _)!;
        log.Dispose();

        Assert.True(MappedLog.Remove(Address));
    }

    [Fact]
    public void Calls_of_a_disposed_log_throw_and_its_followers_continue()
    {
        var log = MappedLog.Open(Address);
        log.Append("one"u8);
        using var follower = log.Follow();
        var replay = log.Replay();
        log.Dispose();
        log.Dispose();
        Assert.Throws<ObjectDisposedException>(() => log.Append("x"u8));
        Assert.Throws<ObjectDisposedException>(() => log.Sync());
        Assert.Throws<ObjectDisposedException>(() => log.Follow());
        Assert.Throws<ObjectDisposedException>(() => log.Info());
        Assert.Throws<ObjectDisposedException>(() => replay.ToList());
        Assert.Equal("1 one", Text(follower.Read()));
        using var other = MappedLog.Open(Address);
        other.Append("two"u8);
        Assert.Equal("2 two", Text(follower.Read()));
    }

    [Fact]
    public void Neither_appending_nor_reading_costs_managed_memory()
    {
        using var log = MappedLog.Open($"log://{_directory["large"]}?segment=16MiB");
        using var follower = log.Follow();
        byte[] body = new byte[64];
        long least = Allocations.Least(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                log.Append(body);
                Assert.True(follower.TryRead(out var record, Watchdog) && record.Length == 64);
            }
        });
        Assert.InRange(least, 0, 1000);
    }

    [Fact]
    public async Task Threads_append_concurrently()
    {
        using var log = MappedLog.Open(Address);
        using var second = MappedLog.Open(Address);
        var numbers = await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            List<long> numbers = [];
            for (int i = 0; i < 2000; i++)
            {
                numbers.Add((thread % 2 == 0 ? log : second).Append(BitConverter.GetBytes((thread * 10000) + i)));
            }

            return numbers;
        })));

        Assert.All(numbers, static mine => Assert.Equal(mine.Order(), mine));
        Assert.Equal(Enumerable.Range(1, 8000).Select(static number => (long)number), numbers.SelectMany(static mine => mine).Order());
        foreach (var record in log.Replay())
        {
            int value = BitConverter.ToInt32(record.Span);
            Assert.Equal(record.Sequence, numbers[value / 10000][value % 10000]);
        }
    }

    private static List<string> Texts(MappedLog log, LogStart from = default) => [.. log.Replay(from).Select(Text)];

    private static string Text(LogRecord record) => $"{record.Sequence} {Encoding.UTF8.GetString(record.Span)}";
}
