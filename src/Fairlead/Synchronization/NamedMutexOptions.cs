namespace Fairlead.Synchronization;

/// <summary>What a mutex is like, and how it is used here.</summary>
public sealed record NamedMutexOptions
{
    /// <summary>
    /// Whether who has entered may enter again: a blocking <c>Enter</c> by its thread, through the same object, else
    /// <see cref="MutexScope.Enter"/>. It is left when all of its scopes have been disposed. Whoever makes the mutex settles that; who
    /// opens it otherwise is refused.
    /// </summary>
    public bool Recursive { get; init; }

    /// <summary>
    /// Whether a blocking enter through this object that would wait for ever fails instead, with <see cref="ErrorCode.Deadlock"/>: where
    /// the thread that is inside waits for another named lock, and so on, until one of them waits for what this thread holds. Those who
    /// have entered without a thread are not followed. Costs a look at all locks of the user where it has to wait.
    /// </summary>
    public bool DetectDeadlock { get; init; }
}
