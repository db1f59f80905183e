namespace Fairlead.Processes;

/// <summary>A signal that has come, and what is known of it.</summary>
/// <param name="Signal">Which.</param>
public readonly record struct SignalInfo(Signal Signal)
{
    /// <summary>
    /// How many have come. More than one where the program was slower than they: the runtime tells of each, and what nobody has taken yet
    /// is counted. The kernel itself keeps one of an ordinary signal, however many were sent meanwhile.
    /// </summary>
    public int Count { get; init; } = 1;

    /// <summary>
    /// The number that was sent with it. Only where the process was started with the signal blocked; else the runtime takes it, and does
    /// not tell.
    /// </summary>
    public int? Value { get; init; }

    /// <summary>The process that sent it; null for the kernel's own (Ctrl-C, an alarm), and where the signal was not blocked.</summary>
    public int? SenderId { get; init; }

    /// <summary>The user of the process that sent it.</summary>
    public uint? SenderUserId { get; init; }

    /// <summary>For people: <c>SIGHUP</c>, <c>SIGRTMIN+3 with 42 from pid 4242</c>.</summary>
    public override string ToString() => string.Concat(
        Signal.Name,
        Count > 1 ? FormattableString.Invariant($", {Count} times") : "",
        Value is { } value ? FormattableString.Invariant($" with {value}") : "",
        SenderId is { } pid ? FormattableString.Invariant($" from pid {pid}") : "");
}
