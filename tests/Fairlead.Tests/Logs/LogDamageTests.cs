using Fairlead.Logs;
using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>Damage to the files: by other programs, by dead processes, and by a crash of the machine.</summary>
public sealed class LogDamageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Folder => _directory["orders"];

    private string First => LogFiles.Segment(Folder, 1);

    private string Address => $"log://{Folder}?segment=64KiB";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_fields_of_a_segment_are_at_their_documented_offsets()
    {
        using (var log = MappedLog.Open(Address))
        {
            log.Append("hello"u8);
            log.Sync();
        }

        byte[] segment = File.ReadAllBytes(First);
        Assert.Equal(64 * 1024, segment.Length);
        Assert.Equal("FLLOGSEG"u8, segment.AsSpan(0, 8));
        Assert.Equal(
            (1, 4096, 65536L, 1),
            (
                BitConverter.ToInt32(segment, 8),
                BitConverter.ToInt32(segment, 12),
                BitConverter.ToInt64(segment, 16),
                BitConverter.ToInt32(segment, 24)));
        Assert.Equal(BootIdentity.Current, new Guid(segment.AsSpan(32, 16)));
        Assert.Equal((1L, 1L), (BitConverter.ToInt64(segment, 48), BitConverter.ToInt64(segment, 64)));
        ulong tail = (1UL << 32) | ((4096 + 56) / 8);
        Assert.Equal((tail, tail), (BitConverter.ToUInt64(segment, 72), BitConverter.ToUInt64(segment, 128)));
        ulong word = BitConverter.ToUInt64(segment, 4096);
        Assert.Equal((2UL, 1UL, 5UL), (word >> 60, (word >> 30) & 0x3fffffff, word & 0x3fffffff));
        Assert.Equal(1L, BitConverter.ToInt64(segment, 4096 + 16));
        Assert.Equal(BootIdentity.Short(BootIdentity.Current), BitConverter.ToUInt64(segment, 4096 + 40));
        Assert.Equal("hello"u8, segment.AsSpan(4096 + 48, 5));
        byte[] control = File.ReadAllBytes($"{Folder}/control");
        Assert.Equal(4096, control.Length);
        Assert.Equal("FLLOGCTL"u8, control.AsSpan(0, 8));
        Assert.Equal(1, BitConverter.ToInt32(control, 192));
    }

    [Fact]
    public void A_record_that_a_dead_appender_left_unfinished_is_skipped_while_others_append()
    {
        using var log = MappedLog.Open(Address);
        log.Append("one"u8);
        log.Append("two"u8);

        // The state that a process leaves when it dies between reserving and publishing; participant 77 has no lock.
        LogFiles.Write(First, 4096 + 56, new RecordWord(RecordState.Reserved, 77, 3).Value);
        Assert.Equal(3, log.Append("three"u8));
        Assert.Equal(1, log.Info().Unfinished);
        using var follower = log.Follow();
        Assert.Equal([1, 3], [follower.Read().Sequence, follower.Read().Sequence]);
        Assert.Equal((0L, 1L, 2L), (log.Info().Unfinished, log.Info().Voided, log.Info().Records));
        Assert.Empty(log.Info().Damages);
    }

    [Fact]
    public void An_appender_whose_record_was_voided_before_it_finished_appends_it_again()
    {
        // The appender reads the clock after it has reserved its record, and before it publishes.
        InterruptingClock clock = new();
        using var log = MappedLog.Open(Address, new LogOptions { TimeProvider = clock });
        Assert.Equal(1, log.Append("one"u8));
        RecordWord reserved = default;
        clock.Next = () =>
        {
            reserved = new RecordWord(LogFiles.Read<ulong>(First, 4096 + 56));
            LogFiles.Write(First, 4096 + 56, reserved.As(RecordState.Void).Value);
        };
        Assert.Equal(3, log.Append("three"u8));
        Assert.Equal((RecordState.Reserved, 5), (reserved.State, reserved.Length));
        Assert.Equal(RecordState.Void, new RecordWord(LogFiles.Read<ulong>(First, 4096 + 56)).State);
        Assert.Equal([1, 3], log.Replay().Select(static record => record.Sequence));
        Assert.Equal((0L, 1L, 2L), (log.Info().Unfinished, log.Info().Voided, log.Info().Records));
    }

    [Fact]
    public void An_appender_that_dies_before_it_moves_the_tail_stops_no_other()
    {
        using var log = MappedLog.Open(Address);
        log.Append("one"u8);
        LogFiles.Write(First, 4096 + 56, new RecordWord(RecordState.Reserved, 77, 1000).Value);
        Assert.Equal(3, log.Append("three"u8));
        log.Sync();
        Assert.Equal([1, 3], log.Replay().Select(static record => record.Sequence));
        Assert.Equal(4, log.Info().Synced);
    }

    [Fact]
    public void An_appender_that_dies_before_the_next_segment_has_its_number_stops_no_other()
    {
        using (var log = MappedLog.Open(Address))
        {
            for (int i = 0; i < 58; i++)
            {
                log.Append(new byte[1000]);
            }
        }

        LogFiles.Write(First, 4096 + (58 * LogLayout.RecordSize(1000)), RecordWord.End.Value);
        Assert.True(LogSegment.TryMake(LogFiles.Segment(Folder, 2), 2, 64 * 1024, baseNumber: 0));
        using var again = MappedLog.Open(Address);
        using var follower = again.Follow(LogStart.End);
        Assert.Equal(58, again.Replay().Count());
        Assert.False(follower.TryRead(out _));
        Assert.Equal(59, again.Append("next"u8));
        Assert.Equal(59, follower.Read().Sequence);
    }

    [Fact]
    public async Task A_reader_waits_for_a_record_that_is_being_written_and_reads_it_in_order()
    {
        using var log = MappedLog.Open(Address);
        using var other = MappedLog.Open(Address);
        log.Append("one"u8);

        // By a living appender: the first one's number.
        LogFiles.Write(First, 4096 + 56, new RecordWord(RecordState.Reserved, 1, 3).Value);
        other.Append("three"u8);
        using var follower = other.Follow(LogStart.At(2));
        Assert.False(follower.TryRead(out _));
        Assert.False(follower.TryRead(out _, TimeSpan.FromMilliseconds(50)));
        var waiting = follower.ReadAsync().AsTask();
        log.Dispose();
        Assert.Equal(3, (await waiting.WaitAsync(TimeSpan.FromSeconds(60))).Sequence);
    }

    [Fact]
    public void An_overwritten_record_is_corrupt_and_the_records_after_it_can_be_read()
    {
        using var log = MappedLog.Open(Address);
        for (int i = 0; i < 100; i++)
        {
            log.Append(new byte[400]);
        }

        long record = LogLayout.RecordSize(400);
        LogFiles.Write(First, 4096 + (9 * record) + 100, (byte)1);
        List<long> seen = [];
        var damage = Assert.Throws<FairleadException>(() => seen.AddRange(log.Replay().Select(static one => one.Sequence)));
        Assert.Equal((ErrorCode.Corrupt, 9), (damage.Code, seen.Count));
        Assert.Contains("record 10, at byte", damage.Message, StringComparison.Ordinal);
        long next = long.Parse(damage.Message.Split("?from=")[1].Split(')')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(11, next);
        Assert.Equal(90, log.Replay(LogStart.At(next)).Count());
        Assert.Equal(10, log.Info().Damages.Single().Sequence);
        Assert.Equal(101, log.Append("goes on"u8));
    }

    [Fact]
    public void Random_bytes_written_over_a_log_end_no_process()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            string folder = _directory[$"r{round}"];
            using (var log = MappedLog.Open($"log://{folder}?segment=64KiB"))
            {
                for (int i = 0; i < 30; i++)
                {
                    log.Append(new byte[random.Next(300)]);
                }

                byte[] junk = new byte[random.Next(1, 64)];
                random.NextBytes(junk);
                LogFiles.Write(LogFiles.Segment(folder, 1), random.Next(2) == 0 ? random.Next(8000) : random.Next(64, 200), junk);
                Use(log);
            }

            if (random.Next(2) == 0)
            {
                LogFiles.Restart(folder);
            }

            try
            {
                using var again = MappedLog.Open($"log://{folder}");
                Use(again);
            }
            catch (FairleadException error)
            {
                Assert.True(error.Code is ErrorCode.Corrupt or ErrorCode.AlreadyExists or ErrorCode.Incompatible, $"seed {seed}: {error}");
            }
        }

        void Use(MappedLog log)
        {
            foreach (Action use in (Action[])
                [
                    () => _ = log.Replay().Count(),
                    () => log.Append("x"u8),
                    () => log.Info(),
                    () => _ = log.Replay(LogStart.At(20)).Count(),
                    () => log.Follow(LogStart.End).Dispose(),
                    log.Sync,
                ])
            {
                try
                {
                    use();
                }
                catch (FairleadException error)
                {
                    Assert.True(
                        error.Code is ErrorCode.Corrupt or ErrorCode.AlreadyExists or ErrorCode.Incompatible, $"seed {seed}: {error}");
                }
            }
        }
    }

    [Fact]
    public void After_a_crash_of_the_machine_a_log_ends_before_the_first_incomplete_record()
    {
        using (var log = MappedLog.Open(Address))
        {
            for (int i = 0; i < 20; i++)
            {
                log.Append(new byte[100]);
            }

            log.Follow("named", LogStart.At(18)).Dispose();
        }

        long record = LogLayout.RecordSize(100);
        LogFiles.Write(First, 4096 + (9 * record) + 60, (byte)1);
        LogFiles.Restart(Folder);
        using var again = MappedLog.Open(Address);
        Assert.Equal(9, again.Replay().Count());
        Assert.Equal(10, again.Info().Synced);
        Assert.Empty(again.Info().Damages);
        Assert.Equal(10, again.Append("next"u8));

        // The record numbers behind the cut are assigned again: a reader positioned there sees the new records.
        using var named = again.Follow("named");
        Assert.Equal(10, named.Read().Sequence);
    }

    [Fact]
    public void A_damaged_synchronized_record_is_reported_and_never_cut()
    {
        using (var log = MappedLog.Open(Address))
        {
            for (int i = 0; i < 20; i++)
            {
                log.Append(new byte[100]);
            }

            log.Sync();
            log.Append("behind the mark"u8);
        }

        long record = LogLayout.RecordSize(100);
        LogFiles.Write(First, 4096 + (9 * record) + 60, (byte)1);
        LogFiles.Restart(Folder);
        using var again = MappedLog.Open(Address);
        List<long> seen = [];
        var damage = Assert.Throws<FairleadException>(() => seen.AddRange(again.Replay().Select(static one => one.Sequence)));
        Assert.Equal((ErrorCode.Corrupt, 9), (damage.Code, seen.Count));
        Assert.Single(again.Info().Damages);
        Assert.Equal(22, again.Append("next"u8));
        Assert.Equal([21, 22], again.Replay(LogStart.At(21)).Select(static one => one.Sequence));
    }

    [Fact]
    public void An_unfinished_record_is_cut_after_a_crash_of_the_machine_and_otherwise_voided()
    {
        foreach (bool isCrash in (bool[])[true, false])
        {
            string folder = _directory[$"crash{isCrash}"];
            using (var log = MappedLog.Open($"log://{folder}"))
            {
                log.Append("one"u8);
                log.Append("two"u8);
                log.Append("six"u8);
            }

            LogFiles.Write(LogFiles.Segment(folder, 1), 4096 + 56, new RecordWord(RecordState.Reserved, 1, 3).Value);
            if (isCrash)
            {
                LogFiles.Restart(folder);
            }
            else
            {
                // The time of the last maintenance is unknown: the records themselves show it.
                File.Delete($"{folder}/control");
            }

            using var again = MappedLog.Open($"log://{folder}");
            Assert.Equal(isCrash ? [1] : [1, 3], again.Replay().Select(static one => one.Sequence));
        }
    }

    [Fact]
    public void A_crash_that_loses_the_end_of_a_segment_loses_the_segments_after_it()
    {
        using (var log = MappedLog.Open(Address))
        {
            for (int i = 0; i < 200; i++)
            {
                log.Append(new byte[1000]);
            }
        }

        LogFiles.Write(LogFiles.Segment(Folder, 2), 4096 + (5 * LogLayout.RecordSize(1000)), new byte[4096]);
        LogFiles.Restart(Folder);
        using var again = MappedLog.Open(Address);
        long left = again.Replay().Count();
        Assert.Equal(left + 1, again.Append("next"u8));
        Assert.False(File.Exists(LogFiles.Segment(Folder, 3)));
        Assert.Empty(again.Info().Damages);
        for (int i = 0; i < 100; i++)
        {
            again.Append(new byte[1000]);
        }

        Assert.Equal(left + 101, again.Replay().Count());
    }

    [Fact]
    public void Another_version_is_incompatible()
    {
        MappedLog.Open(Address).Dispose();
        LogFiles.Write(First, 8, 9);
        var error = Assert.Throws<FairleadException>(() => MappedLog.Open(Address));
        Assert.Equal(ErrorCode.Incompatible, error.Code);
        Assert.Contains("has layout version 9, but this program uses version 1", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Runs an action once, inside the next call that reads the clock.</summary>
    private sealed class InterruptingClock : TimeProvider
    {
        public Action? Next { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            Action? next = Next;
            Next = null;
            next?.Invoke();
            return base.GetUtcNow();
        }
    }
}
