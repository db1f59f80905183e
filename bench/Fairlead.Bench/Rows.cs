using Fairlead.Bench.Contenders;
using Fairlead.Bench.Scenarios;

namespace Fairlead.Bench;

/// <summary>
/// The parts list: each scenario with its contenders, the baseline first. A new row is one more contender here, and one small class
/// in Contenders; a goal is the contender's target for the ratio to the baseline.
/// </summary>
internal static partial class Rows
{
    private const int Small = 64;
    private const int Large = 1024 * 1024;

    private const int Kibibyte = 1024;

    /// <summary>Fairlead's default ring, and the one for <see cref="LongCapacity"/>: the C ring has the same size.</summary>
    private const long RingCapacity = 2 * 1024 * 1024;
    private const long LongRingCapacity = 8 * 1024 * 1024;
    private const string LongCapacity = "4MiB";

    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(3);

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new RoundTrip(
            "round-trip",
            Small,
            silence: TimeSpan.Zero,
            new SocketCalls(),
            new FairleadCalls { Goal = 1.3 },
            new FairleadCalls("shm"),
            new FairleadAsyncCalls(),
            new FairleadAsyncCalls("shm"),
            new SocketAsyncCalls()),
        new RoundTrip(
            "after-silence",
            Small,
            silence: TimeSpan.FromMilliseconds(3),
            new SocketCalls(),
            new FairleadCalls { Goal = 1.3 },
            new FairleadCalls("shm"),
            new FairleadAsyncCalls { Goal = 2 },
            new FairleadAsyncCalls("shm"),
            new SocketAsyncCalls()),
        .. Calls,
        new OneWay("stream", Small, new SocketStream(), new FairleadStream { Goal = 3 }, new FairleadStream("shm")),
        new OneWay("stream-4k", 4 * Kibibyte, new SocketStream(), new FairleadStream { Goal = 0.8 }, new FairleadStream("shm")),
        new OneWay("stream-16k", 16 * Kibibyte, new SocketStream(), new FairleadStream(), new FairleadStream("shm")),
        Awaited("awaited-stream", "shm"),
        Awaited("awaited-stream-unix", "unix"),
        new OneWay("bandwidth", Large, new SocketStream(), new FairleadStream { Goal = 0.8 }, new FairleadStream("shm")),
        Spinning("ring-spin", Small),
        Spinning("ring-spin-1k", Kibibyte),
        new RoundTrip(
            "ring-futex",
            Small,
            silence: TimeSpan.Zero,
            new NativeRing("futex", "echo", RingCapacity),
            new FairleadTalk("shm", "efficient") { Goal = 1.15 },
            new FairleadCalls("shm", "efficient") { Goal = 1.15 }),
        new RoundTrip(
            "ring-after-silence",
            Small,
            Silence,
            new NativeRing("futex", "echo", RingCapacity, Silence),
            new FairleadTalk("shm") { Goal = 1.3 },
            new FairleadCalls("shm") { Goal = 1.3 },
            new NativeRing("brief", "echo", RingCapacity, Silence)),
        new RoundTrip(
            "ring-after-silence-async",
            Small,
            Silence,
            new NativeRing("poll", "echo", RingCapacity, Silence),
            new FairleadAsyncTalk("shm") { Goal = 1.5 },
            new FairleadAsyncCalls("shm") { Goal = 1.5 }),
        new OneWay("ring-stream", Small, new NativeRing("spin", "copied", RingCapacity), new FairleadStream("shm") { Goal = 0.3 }),
        Blocks("ring-64k-loaned", 64 * Kibibyte, isLoaned: true),
        Blocks("ring-64k-copied", 64 * Kibibyte, isLoaned: false),
        Blocks("ring-1m-loaned", Large, isLoaned: true),
        Blocks("ring-1m-copied", Large, isLoaned: false),
        .. Broadcasts,
        .. RemoteCalls,
        .. Encrypted,
        .. Broker,
        .. NamedHandles,
        new OneWay("log-append", Small,
            new FileAppend(), new FairleadLog(isFollowed: false) { Goal = 4 }, new FairleadLog(isFollowed: true)),
        new CellReads("board-read",
            new FairleadCell(), new FairleadBoard(isByKey: false) { Goal = 0.67 }, new FairleadBoard(isByKey: true)),
        new EnteringAlone("mutex-alone",
            new NativeMutex("alone"), new FairleadMutex { Goal = 0.5 }, new PlatformMutex()),
        new EnteringAlone("mutex-alone-platform",
            new PlatformMutex(), new FairleadMutex { Goal = 5 }),
        new HandingOver("mutex-handover",
            new NativeMutex("handover"), new FairleadMutex { Goal = 1.5 }, new PlatformMutex()),
    ];

    private static OneWay Awaited(string name, string scheme) =>
        new(
            name,
            Small,
            new FairleadStream(scheme),
            new FairleadStream(scheme, Reading.Awaited) { Goal = 0.5 },
            new FairleadStream(scheme, Reading.Loop) { Goal = 0.5 });

    private static RoundTrip Spinning(string name, int size) =>
        new(
            name,
            size,
            silence: TimeSpan.Zero,
            new NativeRing("spin", "echo", RingCapacity),
            new FairleadTalk("shm", "latency") { Goal = 1.3 },
            new FairleadCalls("shm", "latency") { Goal = 1.6 });

    private static OneWay Blocks(string name, int size, bool isLoaned) =>
        new(
            name,
            size,
            new NativeRing("spin", isLoaned ? "loaned" : "copied", LongRingCapacity),
            new FairleadBlocks("shm", isLoaned, LongCapacity) { Goal = 0.8 });
}
