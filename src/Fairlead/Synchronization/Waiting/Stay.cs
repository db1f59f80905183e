namespace Fairlead.Synchronization.Waiting;

/// <summary>One entry into a mutex, or one nested entry of a recursive mutex.</summary>
/// <param name="Hold">The entry of this process.</param>
/// <param name="Entry">The number of the entry there; each one has a different number.</param>
internal readonly record struct Stay(MutexHold Hold, long Entry);
