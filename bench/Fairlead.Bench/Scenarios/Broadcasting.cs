using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>The same messages to many, as fast as they go; the round ends when all have said that the last has come. Each checks that none is missing.</summary>
/// <param name="name">Of the scenario.</param>
/// <param name="messageSize">Bytes of a message.</param>
/// <param name="isCost">Whether the processor time of the publishing process counts, for each message that it publishes; else the time that passes, for each that is read.</param>
/// <param name="readers">How many times a message is read, for the sum.</param>
/// <param name="contenders">The baseline first.</param>
internal sealed class Broadcasting(string name, int messageSize, bool isCost, int readers, params Contender[] contenders) : Scenario(name, messageSize)
{
    /// <summary>Messages that every subscriber has room for.</summary>
    private const int Burst = 8 * 1024;

    public override string Measures => isCost
        ? $"{MessageSize} B to all, in bursts of {Burst} that all have room for: messages in a second of the publishing process's processor time"
        : $"{MessageSize} B to {readers} subscribers, summed over them, until all have read the last";

    public override bool IsTime => false;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var sender = ((Contender<OneWaySender>)contender).Connect(session);
        long number = 0;
        return new RoundRunner(sender, length => Measure(sender, length, ref number));
    }

    private Round Measure(OneWaySender sender, TimeSpan length, ref long number)
    {
        byte[] message = new byte[MessageSize];
        int batch = isCost ? Burst : Math.Max(1, 16 * 1024 / MessageSize);
        long first = number;
        long published = 0;
        TimeSpan cost = TimeSpan.Zero;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            TimeSpan before = isCost ? Environment.CpuUsage.TotalTime : default;
            for (int i = 0; i < batch; i++)
            {
                Numbered.Write(message, number++, isLast: false);
                sender.Send(message);
            }

            if (isCost)
            {
                // What is counted is publishing, not waiting: all have room for a burst, and have read it before the next.
                cost += Environment.CpuUsage.TotalTime - before;
                published += batch;
                Numbered.Write(message, number++, isLast: true);
                sender.SendLast(message);
            }
        }

        Numbered.Write(message, number++, isLast: true);
        sender.SendLast(message);
        double elapsed = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        long bytes = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return isCost ? new Round(published, cost.TotalNanoseconds, bytes) : new Round((number - first) * readers, elapsed, bytes);
    }
}
