using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>A mutex without contention is entered and left repeatedly; another process has it open.</summary>
internal sealed class EnteringAlone(string name, params Contender[] contenders) : Scenario(name, messageSize: 0)
{
    /// <summary>How many entries share one reading of the clock.</summary>
    private const int Batch = 1000;

    public override string Measures => "entering and leaving a mutex without contention";

    public override bool IsTime => false;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var mutex = ((MutexContender)contender).Connect(session);
        var server = UnixSockets.Connect(session);
        return new RoundRunner([mutex, server], length => Measure(mutex, length));
    }

    private static Round Measure(MutexUser mutex, TimeSpan length)
    {
        long count = 0;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        for (; Stopwatch.GetTimestamp() < end; count += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                mutex.Enter();
                mutex.Leave();
            }
        }

        return new Round(count, Stopwatch.GetElapsedTime(begin).TotalNanoseconds, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
