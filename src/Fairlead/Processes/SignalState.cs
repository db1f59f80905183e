using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>What a process does with signals, as <c>/proc</c> shows it.</summary>
public sealed record SignalState
{
    private const int Last = 64;

    internal SignalState(in SignalMasks masks)
    {
        Pending = List(masks.Pending);
        Blocked = List(masks.Blocked);
        Ignored = List(masks.Ignored);
        Caught = List(masks.Caught);
    }

    /// <summary>Sent, and not delivered yet, since they are blocked or the process is stopped.</summary>
    public IReadOnlyList<Signal> Pending { get; }

    /// <summary>Kept back until they are unblocked, or read by who listens to them: by the main thread.</summary>
    public IReadOnlyList<Signal> Blocked { get; }

    /// <summary>Thrown away when they come. Programs that the process starts ignore them, too.</summary>
    public IReadOnlyList<Signal> Ignored { get; }

    /// <summary>Those for which the program has a handler; in a .NET process the runtime's own are among them.</summary>
    public IReadOnlyList<Signal> Caught { get; }

    private static Signal[] List(ulong mask) =>
        [.. Enumerable.Range(1, Last).Where(number => (mask & NativeSignal.Bit(number)) != 0).Select(Signal.FromNumber)];
}
