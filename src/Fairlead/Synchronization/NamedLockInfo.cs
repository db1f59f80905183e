namespace Fairlead;

/// <summary>A lock by name, as it was a moment ago.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind"><c>mutex</c>.</param>
/// <param name="Holder">Who is inside; <see langword="null"/>: nobody.</param>
/// <param name="Waiters">Who waits, in the order in which they will enter.</param>
public sealed record NamedLockInfo(string Name, string Kind, LockHolder? Holder, IReadOnlyList<LockHolder> Waiters);
