using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <summary>
/// The parts list: each scenario with its contenders, the baseline first. A new row is one more contender here, and one small class
/// in Contenders; a goal is the ratio to the baseline that the contender is meant to reach.
/// </summary>
internal static class Rows
{
    private const int Small = 64;
    private const int Large = 1024 * 1024;

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new RoundTrip("round-trip", Small, silence: TimeSpan.Zero,
            new SocketCalls(), new FairleadCalls { Goal = 1.3 }, new FairleadCalls("shm"), new FairleadAsyncCalls(), new FairleadAsyncCalls("shm"), new SocketAsyncCalls()),
        new RoundTrip("after-silence", Small, silence: TimeSpan.FromMilliseconds(3),
            new SocketCalls(), new FairleadCalls { Goal = 1.3 }, new FairleadCalls("shm"), new FairleadAsyncCalls { Goal = 2 }, new FairleadAsyncCalls("shm"), new SocketAsyncCalls()),
        new OneWay("stream", Small,
            new SocketStream(), new FairleadStream { Goal = 3 }, new FairleadStream("shm")),
        new OneWay("bandwidth", Large,
            new SocketStream(), new FairleadStream { Goal = 0.8 }, new FairleadStream("shm")),
    ];
}
