using System.Diagnostics;
using System.Net.Sockets;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>Two processes alternate with a mutex: each time the waiter is asleep. See <see cref="TurnPage"/>.</summary>
internal sealed class HandingOver(string name, params Contender[] contenders) : Scenario(name, messageSize: 0)
{
    public override string Measures => "from before one process leaves a mutex until the other, which sleeps, has entered it";

    public override bool IsTime => true;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var mutex = ((MutexContender)contender).Connect(session);
        var page = new TurnPage(session);
        var server = UnixSockets.Connect(session);
        long[] samples = new long[TurnPage.MostSamples];
        return new RoundRunner([mutex, page, server], length => Measure(mutex, page, server, length, samples));
    }

    private static Round Measure(MutexUser mutex, TurnPage page, Socket server, TimeSpan length, long[] samples)
    {
        byte[] asked = [1];
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        int count = 0;

        // There may be no sample in a whole round, on a machine with much other load.
        while (count == 0)
        {
            page.Begin();
            server.SendAll(asked);
            count = page.TakeTurns(mutex, me: 1, Stopwatch.GetTimestamp() + (long)(length.TotalSeconds * Stopwatch.Frequency), samples);
            if (!server.ReceiveAll(asked))
            {
                throw new IOException("the server has left");
            }
        }

        return Round.Of(samples.AsSpan(0, count), Stopwatch.GetTimestamp() - begin, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
