using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>Many callers in one process share one connection; each makes one call after the other, and awaits its reply.</summary>
internal sealed class ManyCallers(string name, int messageSize, int callers, params Contender[] contenders) : Scenario(name, messageSize)
{
    public override string Measures =>
        $"{MessageSize} B there and back, {callers} concurrent callers of one connection, each awaiting one call after the other";

    public override bool IsTime => false;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var caller = ((Contender<ConcurrentCaller>)contender).Connect(session);
        return new RoundRunner(caller, length => MeasureAsync(caller, length).GetAwaiter().GetResult());
    }

    private async Task<Round> MeasureAsync(ConcurrentCaller caller, TimeSpan length)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        EchoLoop[] loops = [.. Enumerable.Range(0, callers).Select(i => new EchoLoop(i, MessageSize, end))];
        await Task.WhenAll(loops.Select(loop => Task.Run(() => caller.CallAsync(loop)))).ConfigureAwait(false);
        double elapsed = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        return new Round(loops.Sum(static loop => (long)loop.Calls), elapsed, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
