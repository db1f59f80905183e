using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>The same messages to many: counts the CPU time of the publishing process for each published message.</summary>
internal sealed class BroadcastCost(string name, int messageSize, params Contender[] contenders)
    : OneWayScenario(name, messageSize, contenders)
{
    /// <summary>The number of messages in a burst, which fits every subscriber's capacity.</summary>
    private const int Burst = 8 * 1024;

    public override string Measures =>
        $"{MessageSize} B to all, in bursts of {Burst} that fit every capacity: "
            + "messages in a second of the publishing process's CPU time";

    protected override Round Measure(OneWaySender sender, byte[] message, long end, ref long number)
    {
        long published = 0;
        TimeSpan cost = TimeSpan.Zero;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        while (Stopwatch.GetTimestamp() < end)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Send(sender, message, Burst, ref number);
            cost += Environment.CpuUsage.TotalTime - before;
            published += Burst;

            // Count publishing, not waiting: a burst fits every capacity, and all have read it before the next.
            SendLast(sender, message, ref number);
        }

        return new Round(published, cost.TotalNanoseconds, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
