namespace Fairlead.Synchronization;

/// <summary>How an object of <see cref="NamedReaderWriterLock"/> uses the lock.</summary>
public sealed record NamedReaderWriterLockOptions
{
    /// <summary>
    /// Whether a blocking enter fails with <see cref="ErrorCode.Deadlock"/> instead of waiting in a cycle of threads. Works like
    /// <see cref="NamedMutexOptions.DetectDeadlock"/>.
    /// </summary>
    public bool DetectDeadlock { get; init; }
}
