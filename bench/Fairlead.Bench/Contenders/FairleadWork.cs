using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// Items through a work queue to one worker, which accepts each. The queue and the worker are in one process; at the baseline the broker is
/// a third. A stored item is acknowledged when it is on the disk, and the sender waits for that as the baseline's does: with many at once.
/// </summary>
internal sealed class FairleadWork(bool isStored) : Contender<OneWaySender>($"WorkQueue{(isStored ? ", stored" : "")}")
{
    /// <summary>As many as the baseline's worker has.</summary>
    private const int Prefetch = 256;

    public override string? Missing => BrokerNode.Missing;

    public override void Serve(Session session, Action listening)
    {
        // The run's directory may be in memory; a store is meant for a disk.
        var store = Directory.CreateTempSubdirectory("fairlead-bench-");
        Address? log = isStored ? Address.Parse($"log://{store.FullName}/items") : null;
        using var queue = WorkQueue.Bind(session.AddressOf("unix"), new() { Prefetch = Prefetch, Store = log });
        AppDomain.CurrentDomain.ProcessExit += (_, _) => store.Delete(recursive: true);
        listening();
        WorkAsync(queue.Address).GetAwaiter().GetResult();
    }

    public override OneWaySender Connect(Session session) =>
        new FairleadStream(options: isStored ? "?durable=true" : "").Connect(session);

    private static async Task WorkAsync(Address queue)
    {
        long due = 0;
        await using var worker = await Receiver.ConnectAsync(queue).ConfigureAwait(false);
        await foreach (var item in worker.ReceiveAllAsync().ConfigureAwait(false))
        {
            _ = Numbered.Check(item.Span, ref due);
            item.Accept();
        }
    }
}
