using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <content>Awaited calls: one at a time, and many at once.</content>
internal static partial class Rows
{
    private static IEnumerable<Scenario> Calls =>
        [
            new RoundTrip(
                "awaited-call-shm",
                Small,
                silence: TimeSpan.Zero,
                new FairleadCalls("shm"),
                new FairleadAsyncCalls("shm") { Goal = 3 }),
            new RoundTrip(
                "call-beside-idle",
                Small,
                silence: TimeSpan.Zero,
                new FairleadCalls("tcp"),
                new FairleadCalls("tcp", idle: 1_000) { Goal = 1.1 },
                new FairleadCalls("tcp", idle: 4_000) { Goal = 1.1 }),
            .. Callers("callers-8", 8),
            .. Callers("callers-64", 64),
        ];

    /// <summary>Rows against the multiplexer, and of shared memory against the Unix socket, both of Fairlead.</summary>
    private static IEnumerable<Scenario> Callers(string name, int callers) =>
        [
            new ManyCallers(
                name,
                Small,
                callers,
                new Multiplexer(tellsInline: false),
                new Multiplexer(tellsInline: true),
                new FairleadCallers { Goal = 0.8 },
                new FairleadCallers("shm"),
                new FairleadCallers("tcp")),
            new ManyCallers(name + "-shm", Small, callers, new FairleadCallers(), new FairleadCallers("shm") { Goal = 3 }),
        ];
}
