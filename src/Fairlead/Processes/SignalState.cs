using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>How a process treats signals, as <c>/proc</c> shows it.</summary>
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

    /// <summary>Signals that were sent but not delivered yet, because they are blocked or the process is stopped.</summary>
    public IReadOnlyList<Signal> Pending { get; }

    /// <summary>Signals that the main thread blocks: the kernel keeps them until they are unblocked or a listener reads them.</summary>
    public IReadOnlyList<Signal> Blocked { get; }

    /// <summary>Signals that the process ignores. Programs that it starts ignore them too.</summary>
    public IReadOnlyList<Signal> Ignored { get; }

    /// <summary>Signals with a handler; in a .NET process this includes those of the runtime.</summary>
    public IReadOnlyList<Signal> Caught { get; }

    private static Signal[] List(ulong mask) =>
        [.. Enumerable.Range(1, Last).Where(number => (mask & NativeSignal.Bit(number)) != 0).Select(Signal.FromNumber)];
}
