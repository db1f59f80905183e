namespace Fairlead.Synchronization;

/// <summary>A lock by name, as it was a moment ago.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">
/// <c>mutex</c>, <c>semaphore</c>, <c>event</c>, <c>countdown</c>, <c>condition</c>, <c>reader-writer lock</c>, <c>barrier</c>.
/// </param>
/// <param name="State">What there is to tell of such a lock besides who has it; <see langword="null"/>: nothing.</param>
/// <param name="Holders">Who is inside, or has a part of it.</param>
/// <param name="Waiters">Who waits, in the order in which they will enter.</param>
public sealed record NamedLockInfo(
    string Name, string Kind, string? State, IReadOnlyList<LockHolder> Holders, IReadOnlyList<LockHolder> Waiters)
{
    /// <summary>The first of those inside; <see langword="null"/>: nobody.</summary>
    public LockHolder? Holder => Holders is [var first, ..] ? first : null;
}
