namespace Fairlead.Synchronization;

/// <summary>How a condition is waited for here.</summary>
public sealed record NamedConditionOptions
{
    /// <summary>
    /// How long a wait that has ended, in whatever way, tries to take the mutex back, before it fails with
    /// <see cref="ErrorCode.LockLost"/>; null: for ever.
    /// </summary>
    public TimeSpan? TakeBackTimeout { get; init; }
}
