namespace Fairlead.Synchronization;

/// <summary>How a reader-writer lock is used here.</summary>
public sealed record NamedReaderWriterLockOptions
{
    /// <summary>
    /// Whether a blocking enter that would wait for ever, in a circle of threads, fails with <see cref="ErrorCode.Deadlock"/>. As
    /// <see cref="NamedMutexOptions.DetectDeadlock"/>.
    /// </summary>
    public bool DetectDeadlock { get; init; }
}
