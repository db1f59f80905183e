using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>The newest value of a writer in another process is read again and again; that one writes no more.</summary>
internal sealed class CellReads(string name, params Contender[] contenders) : Scenario(name, FairleadBoard.Value.Size)
{
    /// <summary>The clock is read once in so many times.</summary>
    private const int Batch = 1000;

    public override string Measures => "reading the newest value of a writer in another process";

    public override bool IsTime => false;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var reader = ((CellContender)contender).Connect(session);
        var server = UnixSockets.Connect(session);
        return new RoundRunner([reader, server], length => Measure(reader, length));
    }

    private static Round Measure(CellUser reader, TimeSpan length)
    {
        long count = 0;
        long sum = 0;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        for (; Stopwatch.GetTimestamp() < end; count += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                sum += reader.Read();
            }
        }

        return sum == count * FairleadBoard.Value.Expected
            ? new Round(count, Stopwatch.GetElapsedTime(begin).TotalNanoseconds, GC.GetTotalAllocatedBytes(precise: true) - allocated)
            : throw new InvalidDataException("A value was read that was never written.");
    }
}
