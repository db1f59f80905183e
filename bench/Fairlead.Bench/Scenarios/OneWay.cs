using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>
/// Messages as fast as possible. The round ends when the reader has acknowledged the last one; messages still on their way do not count.
/// </summary>
internal sealed class OneWay(string name, int messageSize, params Contender[] contenders) : OneWayScenario(name, messageSize, contenders)
{
    /// <summary>How many times a message is read: once, or by each subscriber, for the sum.</summary>
    public int Readers { get; init; } = 1;

    public override string Measures => Readers == 1
        ? $"{MessageSize} B one way, one send a message, until the receiver has acknowledged the last"
        : $"{MessageSize} B to {Readers} subscribers, summed over them, until all have read the last";

    protected override Round Measure(OneWaySender sender, byte[] message, long end, ref long number)
    {
        // Read the clock once in many messages: reading it costs as much as a message of a fast transport.
        int batch = Math.Max(1, 16 * 1024 / MessageSize);
        long first = number;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() < end)
        {
            Send(sender, message, batch, ref number);
        }

        SendLast(sender, message, ref number);
        double elapsed = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        return new Round((number - first) * Readers, elapsed, GC.GetTotalAllocatedBytes(precise: true) - allocated)
        {
            AllocatedByReaders = sender.AskAllocatedByReaders(),
        };
    }
}
