namespace Fairlead.Synchronization;

/// <summary>The settings of a mutex, and of this object's use of it.</summary>
public sealed record NamedMutexOptions
{
    /// <summary>
    /// Whether an owner may enter again: by a blocking <c>Enter</c> on its thread, through the same object, or else by
    /// <see cref="MutexScope.Enter"/>. Disposing all of its scopes leaves the mutex. The process that creates the mutex decides; opening it
    /// with the other setting fails.
    /// </summary>
    public bool Recursive { get; init; }

    /// <summary>
    /// Whether a blocking enter through this object fails with <see cref="ErrorCode.Deadlock"/> instead of waiting in a cycle. A cycle is
    /// found where the owning thread waits for another named lock, and so on, until one waits for a lock that this thread holds. Entries
    /// without a thread (asynchronous ones) are not followed. A call that has to wait reads all locks of the user for this.
    /// </summary>
    public bool DetectDeadlock { get; init; }
}
