using Fairlead.Logs;
using Fairlead.Tests.Memory;

namespace Fairlead.Tests.Logs;

public sealed class LogRetentionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Address => $"log://{_directory["orders"]}?segment=64KiB";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_oldest_segments_are_removed_when_the_log_exceeds_its_size()
    {
        using var log = MappedLog.Open(Address + "&keep=256KiB");
        Fill(log, 1000);
        var info = log.Info();
        Assert.True(info.Size <= 256 * 1024, $"{info.Size} bytes");
        Assert.True(info.First > 500);
        Assert.Equal(1000 - info.First + 1, log.Replay().Count());
        Assert.Equal(info.First, log.Replay(LogStart.At(1)).First().Sequence);
        Assert.Empty(info.Damages);
    }

    [Fact]
    public void A_held_position_keeps_its_records_and_a_slow_follower_learns_what_it_missed()
    {
        using var log = MappedLog.Open(Address + "&keep=256KiB");
        using var slow = log.Follow();
        using (var named = log.Follow("named"))
        {
            Fill(log, 1000);
            Assert.Equal(1, named.Read().Sequence);
            Assert.Equal(1, slow.Read().Sequence);
            for (int i = 0; i < 500; i++)
            {
                named.Read();
            }

            named.Commit();
            Fill(log, 1000);
            Assert.InRange(log.Info().First, 300, 502);
        }

        // No process holds that position any more.
        Fill(log, 1000);
        long first = log.Info().First;
        Assert.True(first > 2000);
        long before = 1;
        long at = 1;
        while (slow.TryRead(out var record))
        {
            at = record.Sequence;
            before++;
        }

        Assert.Equal((3000L, 3000L), (at, before + slow.Missed));
        using var again = log.Follow("named");
        Assert.Equal(first, again.Read().Sequence);
        Assert.Equal(first - 502, again.Missed);
    }

    [Fact]
    public void Records_are_kept_for_all_positions_or_for_none_as_the_option_protect_selects()
    {
        using (var log = MappedLog.Open(Address + "&keep=256KiB&protect=all-positions"))
        {
            log.Follow("named").Dispose();
            Fill(log, 1000);
            Assert.Equal(1, log.Info().First);
        }

        using var none = MappedLog.Open(Address + "&keep=256KiB&protect=none");
        using var named = none.Follow("named");
        Fill(none, 200);
        Assert.True(none.Info().First > 500);
    }

    [Fact]
    public void Old_segments_are_removed_when_a_new_one_is_created()
    {
        Clock clock = new();
        using var log = MappedLog.Open(Address + "&age=1h", new LogOptions { TimeProvider = clock });
        Fill(log, 300);
        Assert.Equal(1, log.Info().First);
        clock.Now += TimeSpan.FromHours(2);
        Fill(log, 300);
        Assert.InRange(log.Info().First, 200, 301);
    }

    [Fact]
    public void Options_in_code_work_like_options_of_the_address_which_take_precedence()
    {
        LogOptions small = new() { SegmentSize = 64 * 1024, MaxSize = 256 * 1024, Protection = LogProtection.AllPositions };
        string folder = $"log://{_directory["orders"]}";
        using var log = MappedLog.Open(folder, small);
        log.Follow("named").Dispose();
        Fill(log, 1000);
        Assert.Equal((64 * 1024L, 1L), (log.Info().SegmentSize, log.Info().First));

        // No process follows there now.
        using var living = MappedLog.Open(folder, small with { Protection = LogProtection.LivingPositions });
        using (living.Follow("other"))
        {
            Fill(living, 500);
            Assert.InRange(living.Info().First, 1, 1);
        }

        using var none = MappedLog.Open(folder + "?protect=none", small);
        using var named = none.Follow("named");
        Fill(none, 200);
        Assert.InRange(none.Info().Size, 0, 256 * 1024);
        Assert.InRange(none.Info().First, 1400, 1700);

        Clock clock = new();
        folder = $"log://{_directory["aged"]}";
        LogOptions hour = new() { SegmentSize = 64 * 1024, MaxAge = TimeSpan.FromHours(1), TimeProvider = clock };
        using var aged = MappedLog.Open(folder, hour);
        Fill(aged, 300);
        DateTimeOffset first = clock.Now;
        Assert.Equal((first, first), (aged.Info().FirstTime, aged.Info().LastTime));
        clock.Now += TimeSpan.FromMinutes(59);
        Fill(aged, 300);
        Assert.Equal((1L, first, clock.Now), (aged.Info().First, aged.Info().FirstTime, aged.Info().LastTime));
        clock.Now += TimeSpan.FromMinutes(59);
        Fill(aged, 300);
        Assert.InRange(aged.Info().First, 200, 301);
        Assert.Equal(clock.Now, aged.Info().LastTime);
    }

    [MountFact]
    public void A_full_disk_is_an_error_that_names_the_bytes_needed_and_damages_nothing()
    {
        using var small = new SmallFileSystem();
        string address = $"log://{small.Path}/orders?segment=256KiB";
        using var log = MappedLog.Open(address);
        long last = 0;
        var full = Assert.Throws<FairleadException>((Action)(() =>
        {
            while (true)
            {
                last = log.Append(new byte[1000]);
            }
        }));

        Assert.Equal(ErrorCode.Full, full.Code);
        Assert.Contains("262144 bytes are needed, ", full.Message, StringComparison.Ordinal);
        Assert.Equal(last, log.Replay().Count());
        Assert.Empty(log.Info().Damages);
        using var kept = MappedLog.Open(address + "&keep=256KiB");
        Assert.Equal(last + 1, kept.Append(new byte[1000]));
        Assert.Equal(last + 2, log.Append(new byte[1000]));
        Assert.Equal(last + 2, log.Replay().Last().Sequence);
    }

    [Fact]
    public async Task Segments_that_are_removed_while_Info_reads_them_are_not_damage()
    {
        using var log = MappedLog.Open(Address + "&keep=256KiB");
        using var surveyed = MappedLog.Open(Address);
        Task filling = Task.Run(() => Fill(log, TestSize.Of(20_000, full: 100_000)));
        while (!filling.IsCompleted)
        {
            var info = surveyed.Info();
            Assert.Empty(info.Damages);
            Assert.Equal(info.Next - info.First, info.Records + info.Unfinished + info.Voided);
        }

        await filling;
    }

    private static void Fill(MappedLog log, int records)
    {
        for (int i = 0; i < records; i++)
        {
            log.Append(new byte[1000]);
        }
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
