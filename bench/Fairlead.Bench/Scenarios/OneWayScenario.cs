using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>Messages in one direction: each carries its number, and the reader checks that none is missing.</summary>
internal abstract class OneWayScenario(string name, int messageSize, Contender[] contenders) : Scenario(name, messageSize)
{
    public sealed override bool IsTime => false;

    public sealed override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public sealed override RoundRunner Connect(Contender contender, Session session)
    {
        var sender = ((Contender<OneWaySender>)contender).Connect(session);
        byte[] message = new byte[MessageSize];
        long number = 0;
        return new RoundRunner(
            sender,
            length => Measure(sender, message, Stopwatch.GetTimestamp() + (long)(length.TotalSeconds * Stopwatch.Frequency), ref number));
    }

    /// <summary>Sends until the clock's timestamp is reached.</summary>
    /// <param name="sender">The connected sender.</param>
    /// <param name="message">The memory to send.</param>
    /// <param name="end">The timestamp.</param>
    /// <param name="number">The number of the next message.</param>
    protected abstract Round Measure(OneWaySender sender, byte[] message, long end, ref long number);

    /// <summary>Sends a number of messages, each with its number.</summary>
    protected static void Send(OneWaySender sender, byte[] message, int count, ref long number)
    {
        for (int i = 0; i < count; i++)
        {
            Numbered.Write(message, number++, isLast: false);
            sender.Send(message);
        }
    }

    /// <summary>Sends one more message, and waits until all readers have reported it.</summary>
    protected static void SendLast(OneWaySender sender, byte[] message, ref long number)
    {
        Numbered.Write(message, number++, isLast: true);
        sender.SendLast(message);
    }
}
