using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>A mutex that nobody else wants at the moment is entered and left again and again; another process has it open.</summary>
internal sealed class EnteringAlone(string name, params Contender[] contenders) : Scenario(name, messageSize: 0)
{
    /// <summary>The clock is read once in so many times.</summary>
    private const int Batch = 1000;

    public override string Measures => "entering and leaving a mutex that nobody else wants";

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
