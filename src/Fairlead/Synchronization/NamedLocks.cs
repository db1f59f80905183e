using Fairlead.Synchronization.Inspection;

namespace Fairlead.Synchronization;

/// <summary>Lists the named locks of this user, without opening them.</summary>
public static class NamedLocks
{
    /// <summary>
    /// Returns all named locks, sorted by name. Each is a snapshot of about one moment. Locks that cannot be read, or that are being
    /// created, are left out.
    /// </summary>
    /// <exception cref="FairleadException">PermissionDenied: this user may not use the runtime directory.</exception>
    public static IReadOnlyList<NamedLockInfo> List() =>
        [
            .. LockFile
                .All()
                .OrderBy(static found => found.Key, StringComparer.Ordinal)
                .Select(static found => new NamedLockInfo(
                    found.Key, found.Value.Kind, found.Value.State, found.Value.Holders, found.Value.Waiters)),
        ];
}
