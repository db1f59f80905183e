namespace Fairlead.Synchronization.Waiting;

/// <summary>The time inside a mutex, or a part of it where it is recursive.</summary>
/// <param name="Hold">Of the mutex in this process.</param>
/// <param name="Entry">Its number there: another one's is another time.</param>
internal readonly record struct Stay(MutexHold Hold, long Entry);
