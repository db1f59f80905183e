using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <content>Publications, to one and to many.</content>
internal static partial class Rows
{
    private const int Readers = 16;
    private const int WarmUp = 12;

    // Behind a value stands the mark of its layout: the bytes that the baseline gets too, to be compared with equal ones.
    private const int MarkBytes = 24;

    private static IEnumerable<Scenario> Broadcasts =>
        [
            new OneWay(
                "awaited-subscriber",
                Small,
                new FairleadSubscriber("shm"),
                new FairleadSubscriber("shm", Reading.Awaited) { Goal = 0.5 },
                new FairleadSubscriber("shm", Reading.Loop) { Goal = 0.5 }),
            new OneWay(
                "struct-subscriber", Small, new FairleadSubscriber("shm"), new FairleadSubscriber("shm", Reading.Values) { Goal = 1 }),
            new OneWay(
                "struct-subscriber-even",
                Small + MarkBytes,
                new FairleadSubscriber("shm"),
                new FairleadSubscriber("shm", Reading.Values) { Goal = 1 }),
            new BroadcastCost(
                "broadcast-cost",
                Small,
                new FairleadBroadcast("shm", 1),
                new FairleadBroadcast("shm", Readers) { Goal = 0.5 },
                new FairleadBroadcast("unix", Readers))
            {
                WarmUpRounds = WarmUp,
            },
            new OneWay(
                "broadcast-stream",
                Small,
                new NativeBroadcast(Readers),
                new FairleadBroadcast("shm", Readers) { Goal = 10 },
                new FairleadBroadcast("shm", Readers, "messages=131072&capacity=8MiB") { Goal = 10 },
                new FairleadBroadcast("unix", Readers) { Goal = 1 })
            {
                Readers = Readers,
                WarmUpRounds = WarmUp,
            },
            new BroadcastAfterSilence(
                "broadcast-after-silence",
                Small,
                new FairleadBroadcast("unix", Readers, "writing=immediate"),
                new FairleadBroadcast("unix", Readers) { Goal = 1.1 },
                new FairleadBroadcast("shm", Readers))
            {
                WarmUpRounds = WarmUp,
            },
            new OneWay("broadcast-to-one", Small, new NativeBroadcast(1), new FairleadBroadcast("unix", 1) { Goal = 1 })
            {
                Readers = 1,
                WarmUpRounds = WarmUp,
            },
        ];
}
