namespace Fairlead.Processes;

/// <summary>A received signal.</summary>
/// <param name="Signal">The signal.</param>
public readonly record struct SignalInfo(Signal Signal)
{
    /// <summary>
    /// How many have arrived. More than one if the program was slower: the runtime reports each one, and Fairlead counts those not taken
    /// yet. The kernel itself keeps only one pending ordinary signal, however many were sent.
    /// </summary>
    public int Count { get; init; } = 1;

    /// <summary>
    /// The number that was sent with it. Only available if the process was started with the signal blocked; otherwise the runtime takes it
    /// and discards the number.
    /// </summary>
    public int? Value { get; init; }

    /// <summary>The sending process; null for signals of the kernel (Ctrl-C, an alarm), and if the signal was not blocked.</summary>
    public int? SenderId { get; init; }

    /// <summary>The user of the sending process.</summary>
    public uint? SenderUserId { get; init; }

    /// <summary>Returns a text for people: <c>SIGHUP</c>, <c>SIGRTMIN+3 with 42 from pid 4242</c>.</summary>
    public override string ToString() => string.Concat(
        Signal.Name,
        Count > 1 ? FormattableString.Invariant($", {Count} times") : "",
        Value is { } value ? FormattableString.Invariant($" with {value}") : "",
        SenderId is { } pid ? FormattableString.Invariant($" from pid {pid}") : "");
}
