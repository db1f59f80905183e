using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>
/// One message to many after a silence, in which all processes fall asleep. The clock runs from before it is published until all have
/// reported it over a second connection.
/// </summary>
internal sealed class BroadcastAfterSilence(string name, int messageSize, params Contender<OneWaySender>[] contenders)
    : Scenario(name, messageSize)
{
    private const int MaxSamples = 1 << 16;

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(3);

    public override string Measures =>
        $"{MessageSize} B to all after {Silence.TotalMilliseconds} ms of silence, until all have reported it";

    public override bool IsTime => true;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var sender = ((Contender<OneWaySender>)contender).Connect(session);
        byte[] message = new byte[MessageSize];
        long[] samples = new long[MaxSamples];
        long number = 0;
        return new RoundRunner(sender, length =>
        {
            int count = 0;
            long allocated = GC.GetTotalAllocatedBytes(precise: true);
            long begin = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(begin) < length && count < samples.Length)
            {
                Thread.Sleep(Silence);
                Numbered.Write(message, number++, isLast: true);
                long start = Stopwatch.GetTimestamp();
                sender.SendLast(message);
                samples[count++] = Stopwatch.GetTimestamp() - start;
            }

            return Round.Of(
                samples.AsSpan(0, count), Stopwatch.GetTimestamp() - begin, GC.GetTotalAllocatedBytes(precise: true) - allocated);
        });
    }
}
