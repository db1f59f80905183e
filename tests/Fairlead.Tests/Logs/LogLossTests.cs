using System.Globalization;
using Fairlead.Logs;

namespace Fairlead.Tests.Logs;

/// <summary>Segments that a program has removed: the loss is told, and the log goes on.</summary>
public sealed class LogLossTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Folder => _directory["orders"];

    private string Address => $"log://{Folder}?segment=64KiB";

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("same boot", 1)]
    [InlineData("same boot", 2)]
    [InlineData("restarted", 1)]
    [InlineData("without control file", 1)]
    public void The_loss_of_the_newest_segments_is_reported_and_the_log_continues(string machine, int removed)
    {
        long[] firsts = Fill(segments: 3);
        for (int i = 0; i < removed; i++)
        {
            File.Delete(LogFiles.Segment(Folder, 3 - i));
        }

        if (machine == "restarted")
        {
            LogFiles.Restart(Folder);
        }
        else if (machine != "same boot")
        {
            File.Delete($"{Folder}/control");
        }

        // The number of the first lost record.
        long lost = firsts[3 - removed];
        using (var log = MappedLog.Open(Address))
        {
            var damage = Replay(log, LogStart.Oldest, out long last);
            Assert.Equal(lost - 1, last);
            Assert.Contains("is damaged", damage?.Message, StringComparison.Ordinal);
            Assert.NotEmpty(log.Info().Damages);
        }

        using var again = MappedLog.Open(Address);
        long number = again.Append("next"u8);
        Assert.True(number > lost + 1000, $"{number}");
        again.Sync();
        Assert.Null(Replay(again, LogStart.At(number), out long next));
        Assert.Equal(number, next);
        Assert.NotEmpty(again.Info().Damages);
    }

    [Fact]
    public void A_position_file_that_a_crash_of_the_machine_left_empty_counts_as_new()
    {
        Fill(segments: 1);
        using (var log = MappedLog.Open(Address))
        using (var follower = log.Follow("reader"))
        {
            Assert.True(follower.TryRead(out _));
        }

        string position = $"{Folder}/positions/reader";
        File.WriteAllBytes(position, new byte[new FileInfo(position).Length]);
        LogFiles.Restart(Folder);
        using var again = MappedLog.Open(Address);
        using var reader = again.Follow("reader");
        Assert.True(reader.TryRead(out var record));
        Assert.Equal(1, record.Sequence);
    }

    [Fact]
    public void A_segment_missing_in_the_middle_is_named_with_the_record_after_it()
    {
        long[] firsts = Fill(segments: 4);
        File.Delete(LogFiles.Segment(Folder, 2));
        File.Delete(LogFiles.Segment(Folder, 3));
        using var log = MappedLog.Open(Address);

        var damage = Replay(log, LogStart.Oldest, out long last);

        Assert.Equal(firsts[1] - 1, last);
        Assert.Equal(ErrorCode.Corrupt, damage?.Code);
        string expected = string.Create(
            CultureInfo.InvariantCulture,
            $"000000000002.segment is missing. A program has removed it, and records {firsts[1]} to {firsts[3] - 1} are lost. "
                + $"To continue after them: ?from={firsts[3]}");
        Assert.EndsWith(expected, damage!.Message, StringComparison.Ordinal);
        Assert.Null(Replay(log, LogStart.At(firsts[3]), out _));
        Assert.NotEmpty(log.Info().Damages);
    }

    [Fact]
    public void An_append_after_the_next_segment_was_removed_throws()
    {
        Fill(segments: 1);
        using var log = MappedLog.Open(Address);
        using var other = MappedLog.Open(Address);
        log.Append("in the first segment"u8);
        while (!File.Exists(LogFiles.Segment(Folder, 2)) || other.Info().Segments < 2)
        {
            other.Append(new byte[1000]);
        }

        // The other has ended the first segment; this one has not seen that yet.
        other.Append(new byte[1000]);
        File.Delete(LogFiles.Segment(Folder, 2));
        for (int ordinal = 3; File.Exists(LogFiles.Segment(Folder, ordinal)); ordinal++)
        {
            File.Delete(LogFiles.Segment(Folder, ordinal));
        }

        var error = Assert.Throws<FairleadException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                log.Append(new byte[1000]);
            }
        });

        Assert.Equal(ErrorCode.Corrupt, error.Code);
        Assert.Contains("000000000002.segment is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_appended_to_a_removed_segment_does_not_count_as_synchronized()
    {
        using var log = MappedLog.Open(Address);
        log.Append("kept"u8);
        log.Sync();
        File.Delete(LogFiles.Segment(Folder, 1));
        log.Append("lost"u8);

        Assert.Equal(ErrorCode.Corrupt, Assert.Throws<FairleadException>(log.Sync).Code);
    }

    // Returns the number of the first record of each segment.
    private long[] Fill(int segments)
    {
        List<long> firsts = [];
        using var log = MappedLog.Open(Address);
        while (firsts.Count < segments)
        {
            long number = log.Append(new byte[1000]);
            string next = LogFiles.Segment(Folder, firsts.Count + 1);
            if (File.Exists(next) && LogFiles.Read<long>(next, 64) == number)
            {
                firsts.Add(number);
            }
        }

        log.Sync();
        return [.. firsts];
    }

    private static FairleadException? Replay(MappedLog log, LogStart start, out long last)
    {
        last = 0;
        try
        {
            foreach (var record in log.Replay(start))
            {
                last = record.Sequence;
            }

            return null;
        }
        catch (FairleadException error)
        {
            return error;
        }
    }
}
