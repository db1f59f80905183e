using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>Clears away what participants left that ended without doing so: their entries, then their own files.</summary>
internal static class DeadParticipants
{
    /// <summary>Clears away all of them. Whoever lives is left alone, and so is every name that is not Fairlead's.</summary>
    public static void RemoveAll(RuntimeDirectory directory)
    {
        var entries = EntryNames(directory).ToLookup(name => name[..name.IndexOf('-')], StringComparer.Ordinal);
        foreach (
            var id in Names(directory, Participant.Folder).Where(name => Participant.IsId(name)).Union(entries.Select(group => group.Key)))
        {
            _ = TryRemove(directory, id, entries[id]);
        }
    }

    /// <summary>Removes the entries of a participant, and its file, if it is dead. Returns whether it is.</summary>
    public static bool TryRemove(RuntimeDirectory directory, string id, IEnumerable<string> entries)
    {
        var path = $"{directory.Path}/{Participant.Folder}/{id}";
        using var file = NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out var error);
        if (file is null)
        {
            if (error is not (Errno.ENOENT or Errno.ENOTDIR))
            {
                // What cannot be looked at is not declared dead.
                return false;
            }

            // Identifiers are never used again, so no lock is needed where there is no participant.
            _ = RemoveEntries(directory, entries);
            return true;
        }

        if (!OpenFileLock.TryLockShared(file))
        {
            return false;
        }

        // The lock is ours until the descriptor is closed, at the end of this method. It is shared, so that others who look meanwhile see
        // no owner; and it keeps out a participant that was about to lock its new file, and will find the name gone and make another.
        if (NativeFile.Fstat(file) is { } status && FileIdentity.At(path) == FileIdentity.Of(status))
        {
            if (RemoveEntries(directory, entries))
            {
                _ = NativeFile.Unlink(path);
            }
        }

        return true;
    }

    /// <summary>The names of all entries that are well formed.</summary>
    public static IEnumerable<string> EntryNames(RuntimeDirectory directory) =>
        Names(directory, EndpointEntry.Folder).Where(EndpointEntry.IsName);

    /// <summary>The names in a folder of the directory; none when it does not exist.</summary>
    public static IReadOnlyList<string> Names(RuntimeDirectory directory, string folder)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries($"{directory.Path}/{folder}").Select(path => path[(path.LastIndexOf('/') + 1)..]),
            ];
        }
        catch (DirectoryNotFoundException)
        {
            // Nobody has published anything yet.
            return [];
        }
    }

    // Failing to unlink is no error: the entry stays hidden while its owner is dead, and the next reader tries again. False when that is
    // needed.
    private static bool RemoveEntries(RuntimeDirectory directory, IEnumerable<string> entries)
    {
        var all = true;
        foreach (var name in entries)
        {
            var path = $"{directory.Path}/{EndpointEntry.Folder}/{name}";
            if (EndpointEntryReader.Read(path, out _) is not { } dead || DeadSocketFile.TryRemove(dead, directory))
            {
                _ = NativeFile.Unlink(path);
            }
            else
            {
                all = false;
            }
        }

        return all;
    }
}
