using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>The same messages to many: the processor time of the publishing process counts, for each message that it publishes.</summary>
internal sealed class BroadcastCost(string name, int messageSize, params Contender[] contenders)
    : OneWayScenario(name, messageSize, contenders)
{
    /// <summary>Messages that every subscriber has room for.</summary>
    private const int Burst = 8 * 1024;

    public override string Measures =>
        $"{MessageSize} B to all, in bursts of {Burst} that all have room for: "
            + "messages in a second of the publishing process's processor time";

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

            // What is counted is publishing, not waiting: all have room for a burst, and have read it before the next.
            SendLast(sender, message, ref number);
        }

        return new Round(published, cost.TotalNanoseconds, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
