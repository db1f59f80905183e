using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>
/// Messages in one direction as fast as they go. The round ends when the receiver has acknowledged the last one, so that nothing
/// counts that is still on its way. Each message carries its number, and the receiver checks that none is missing.
/// </summary>
internal sealed class OneWay(string name, int messageSize, params Contender[] contenders) : Scenario(name, messageSize)
{
    public override string Measures => $"{MessageSize} B one way, one send a message, until the receiver has acknowledged the last";

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
        // The clock is read once in so many messages: reading it costs as much as a fast transport takes for one.
        int batch = Math.Max(1, 16 * 1024 / MessageSize);
        long first = number;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            for (int i = 0; i < batch; i++)
            {
                Numbered.Write(message, number++, isLast: false);
                sender.Send(message);
            }
        }

        Numbered.Write(message, number++, isLast: true);
        sender.SendLast(message);
        long elapsed = Stopwatch.GetTimestamp() - begin;
        return new Round(number - first, elapsed * 1e9 / Stopwatch.Frequency, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
