using System.Diagnostics;
using Fairlead.Bench.Contenders;

namespace Fairlead.Bench.Scenarios;

/// <summary>A client asks for a stream of small items, reads it to its end, and asks again.</summary>
internal sealed class ServerStream(string name, params Contender[] contenders) : Scenario(name, Item.Size)
{
    private const int Items = 20_000;

    public override string Measures => $"items of {Item.Size} B from the server, {Items} a stream, one stream after the other";

    public override bool IsTime => false;

    public override IReadOnlyList<Contender> Contenders { get; } = contenders;

    public override RoundRunner Connect(Contender contender, Session session)
    {
        var reader = ((Contender<ItemReader>)contender).Connect(session);
        return new RoundRunner(reader, length => MeasureAsync(reader, length).GetAwaiter().GetResult());
    }

    private static async Task<Round> MeasureAsync(ItemReader reader, TimeSpan length)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(length.TotalSeconds * Stopwatch.Frequency);
        long items = 0;
        while (Stopwatch.GetTimestamp() < end)
        {
            await reader.ReadAsync(Items).ConfigureAwait(false);
            items += Items;
        }

        double elapsed = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        return new Round(items, elapsed, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
