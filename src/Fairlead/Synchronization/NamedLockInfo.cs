namespace Fairlead.Synchronization;

/// <summary>A snapshot of a named lock.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">
/// <c>mutex</c>, <c>semaphore</c>, <c>event</c>, <c>countdown</c>, <c>condition</c>, <c>reader-writer lock</c>, <c>barrier</c>.
/// </param>
/// <param name="State">The state of the lock beyond its holders and waiters; <see langword="null"/> if there is none to report.</param>
/// <param name="Holders">The owners: those inside, or with a part of the lock.</param>
/// <param name="Waiters">The waiters, in the order in which they will enter.</param>
public sealed record NamedLockInfo(
    string Name, string Kind, string? State, IReadOnlyList<LockHolder> Holders, IReadOnlyList<LockHolder> Waiters)
{
    /// <summary>The first of the holders; <see langword="null"/> if there is none.</summary>
    public LockHolder? Holder => Holders is [var first, ..] ? first : null;
}
