namespace Fairlead.Synchronization;

/// <summary>How an object of <see cref="NamedCondition"/> waits.</summary>
public sealed record NamedConditionOptions
{
    /// <summary>
    /// How long a wait tries to enter the mutex again when it ends, before it fails with <see cref="ErrorCode.LockLost"/>; null: no limit.
    /// </summary>
    public TimeSpan? TakeBackTimeout { get; init; }
}
