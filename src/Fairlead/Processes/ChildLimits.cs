namespace Fairlead.Processes;

/// <summary>
/// Limits of a child, which its own children inherit, each with its own count. The kernel holds them from the program's first instruction
/// on. A limit never exceeds the hard limit of this process.
/// </summary>
public sealed record ChildLimits
{
    /// <summary>
    /// The most bytes of private memory (<c>RLIMIT_DATA</c>), in steps of 1 KiB. Beyond it, allocations fail: a .NET program throws
    /// <see cref="OutOfMemoryException"/>, or does not start if its runtime needs more. Memory that is reserved but not used does not
    /// count. Null: no limit of its own.
    /// </summary>
    public long? Memory { get; init; }

    /// <summary>
    /// The most processor time (<c>RLIMIT_CPU</c>), rounded up to seconds. Beyond it the kernel sends SIGXCPU, and SIGKILL five seconds of
    /// processor time later. Null: no limit of its own.
    /// </summary>
    public TimeSpan? ProcessorTime { get; init; }

    /// <summary>
    /// The most open descriptors (<c>RLIMIT_NOFILE</c>). Beyond it, opening fails; the runtime of a .NET program needs some to start. Null:
    /// no limit of its own.
    /// </summary>
    public int? OpenFiles { get; init; }
}
