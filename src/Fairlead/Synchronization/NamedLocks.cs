using Fairlead.Synchronization.Inspection;

namespace Fairlead.Synchronization;

/// <summary>The locks by name of this user, seen without taking part.</summary>
public static class NamedLocks
{
    /// <summary>
    /// All of them, by name, each as it was at one moment, or nearly. What cannot be read, or is being made, is left out.
    /// </summary>
    /// <exception cref="FairleadException">PermissionDenied: the runtime directory is not this user's to use.</exception>
    public static IReadOnlyList<NamedLockInfo> List() =>
        [
            .. LockFile
                .All()
                .OrderBy(static found => found.Key, StringComparer.Ordinal)
                .Select(static found => new NamedLockInfo(
                    found.Key, found.Value.Kind, found.Value.State, found.Value.Holders, found.Value.Waiters)),
        ];
}
