using Fairlead.Logs;
using Fairlead.Logs.Storage;

namespace Fairlead.Tests.Logs;

/// <summary>Cuts a file of a log at any byte: the records before the cut remain, and the log continues.</summary>
[SlowRun]
public sealed class LogCutTests(ITestOutputHelper output) : IDisposable
{
    private static readonly int Cuts = TestSize.Of(300, full: 1_000);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cut_loses_only_the_records_that_it_removes(bool isRestarted)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        List<Placed> records = Make(random, _directory["whole"]);
        long last = records[^1].Segment;
        for (int cut = 0; cut < Cuts / 2; cut++)
        {
            string folder = _directory[$"cut{cut}"];
            LogFiles.Copy(_directory["whole"], folder);
            long segment = random.Next(4) == 0 ? random.Next(1, (int)last) : last;
            long end = records.Last(record => record.Segment == segment).End;
            long length = random.NextInt64(end + 100);
            LogFiles.Cut(LogFiles.Segment(folder, segment), length);
            if (isRestarted)
            {
                LogFiles.Restart(folder);
            }

            Check(folder, records, segment, length, isRestarted);
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cut_that_removes_only_the_end_mark_of_a_segment_loses_no_record(bool isRestarted)
    {
        List<Placed> records = Make(new Random(1), _directory["whole"]);
        for (int lost = 1; lost <= 8; lost++)
        {
            string folder = _directory[$"cut{lost}"];
            LogFiles.Copy(_directory["whole"], folder);
            long length = EndMark(records, 1) + sizeof(ulong) - lost;
            LogFiles.Cut(LogFiles.Segment(folder, 1), length);
            if (isRestarted)
            {
                LogFiles.Restart(folder);
            }

            Check(folder, records, 1, length, isRestarted);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_segment_cut_within_its_header_loses_only_its_own_records(bool isRestarted)
    {
        List<Placed> records = Make(new Random(1), _directory["whole"]);
        foreach (long segment in new[] { 1, 2, records[^1].Segment })
        {
            foreach (int length in new[] { 0, 1, 8, 63, 64, 80, 135 })
            {
                string folder = _directory[$"cut{segment}-{length}"];
                LogFiles.Copy(_directory["whole"], folder);
                LogFiles.Cut(LogFiles.Segment(folder, segment), length);
                if (isRestarted)
                {
                    LogFiles.Restart(folder);
                }

                CheckBeheaded(folder, records, segment);
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    // The records of the other segments stay, the loss is told, and no number is given twice.
    private static void CheckBeheaded(string folder, List<Placed> records, long segment)
    {
        long number;
        using (var log = MappedLog.Open($"log://{folder}"))
        {
            Assert.Equal(
                records.Where(record => record.Segment < segment).Select(static record => record.Body), UntilDamage(log, LogStart.Oldest));
            Assert.NotEmpty(log.Info().Damages);
            int after = records.FindIndex(record => record.Segment > segment);
            if (after >= 0)
            {
                Assert.Equal(
                    records.Skip(after).Select(static record => record.Body),
                    log.Replay(LogStart.At(after + 1)).Select(static record => record.ToArray()));
            }

            number = log.Append("next"u8);
            Assert.True(number > records.Count, $"{number}");
        }

        using var again = MappedLog.Open($"log://{folder}");
        Assert.Equal("next"u8.ToArray(), Assert.Single(again.Replay(LogStart.At(number)).Select(static record => record.ToArray())));
        Assert.NotEmpty(again.Info().Damages);
    }

    private static List<byte[]> UntilDamage(MappedLog log, LogStart start)
    {
        List<byte[]> seen = [];
        var error = Assert.Throws<FairleadException>(() =>
        {
            foreach (var record in log.Replay(start))
            {
                seen.Add(record.ToArray());
            }
        });
        Assert.Equal(ErrorCode.Corrupt, error.Code);
        return seen;
    }

    private static long EndMark(List<Placed> records, long segment) => (records.Last(record => record.Segment == segment).End + 7) & ~7L;

    private static void Check(string folder, List<Placed> records, long segment, long length, bool isRestarted)
    {
        if (length < LogLayout.TailAt + sizeof(ulong))
        {
            CheckBeheaded(folder, records, segment);
            return;
        }

        using var log = MappedLog.Open($"log://{folder}");
        int whole = records.FindIndex(record => record.Segment == segment && record.End > length);
        if (whole < 0 && isRestarted && segment != records[^1].Segment && length < EndMark(records, segment) + sizeof(ulong))
        {
            // After a crash of the machine, a segment without an end mark may have held more: the following record is not certainly the
            // next one.
            whole = records.FindIndex(record => record.Segment > segment);
        }

        whole = whole < 0 ? records.Count : whole;
        bool isEnd = segment == records[^1].Segment || isRestarted || whole == records.Count || records[whole].Segment != segment;
        List<byte[]> seen = [];
        FairleadException? damage = null;
        try
        {
            foreach (var record in log.Replay())
            {
                Assert.Equal(seen.Count + 1, record.Sequence);
                seen.Add(record.ToArray());
            }
        }
        catch (FairleadException error)
        {
            damage = error;
        }

        // The torn record is intact if only zeros were cut off.
        Assert.True(
            seen.Count == whole || (seen.Count == whole + 1 && whole < records.Count && records[whole].Segment == segment),
            $"{seen.Count} of {whole} records in {folder}, cut at {length} of segment {segment}");
        for (int i = 0; i < seen.Count; i++)
        {
            Assert.Equal(records[i].Body, seen[i]);
        }

        if (segment == records[^1].Segment || isRestarted)
        {
            Assert.Null(damage);
            Assert.Empty(log.Info().Damages);
            Assert.Equal(seen.Count + 1, log.Append("next"u8));
            Assert.Equal("next"u8.ToArray(), log.Replay(LogStart.At(seen.Count + 1)).Select(static record => record.ToArray()).Single());
        }
        else if (isEnd)
        {
            Assert.Null(damage);
        }
        else
        {
            // Later segments are intact: none of their records is lost, yet the loss before them is reported.
            Assert.Equal(ErrorCode.Corrupt, damage?.Code);
            long next = records.First(record => record.Segment == segment + 1).Number;
            Assert.Contains($"?from={next}", damage!.Message, StringComparison.Ordinal);
            Assert.Equal(
                records.Skip((int)next - 1).Select(static record => record.Body),
                log.Replay(LogStart.At(next)).Select(static record => record.ToArray()));
            Assert.Equal(records.Count + 1, log.Append("next"u8));
        }
    }

    private static List<Placed> Make(Random random, string folder)
    {
        List<Placed> records = [];
        using var log = MappedLog.Open($"log://{folder}?segment=64KiB");
        long segment = 1;
        RecordPlace place = RecordPlace.First;
        while (segment < 3 || place.Offset < 50_000)
        {
            byte[] body = new byte[random.Next(8) == 0 ? random.Next(5000) : random.Next(200)];
            random.NextBytes(body);
            long size = LogLayout.RecordSize(body.Length);
            if (place.Offset + size > (64 * 1024) - sizeof(ulong))
            {
                segment++;
                place = RecordPlace.First;
            }

            long number = log.Append(body);
            place = place.Behind(size);
            records.Add(new Placed(number, segment, place.Offset - size + LogLayout.RecordHeader + body.Length, body));
        }

        return records;
    }

    private sealed record Placed(long Number, long Segment, long End, byte[] Body);
}
