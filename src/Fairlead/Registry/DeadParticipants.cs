using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Registry;

/// <summary>Removes what participants left when they died: their entries, then their own files.</summary>
internal static class DeadParticipants
{
    /// <summary>Removes the remains of all dead participants. Leaves living ones alone, and every name that is not Fairlead's.</summary>
    public static void RemoveAll(RuntimeDirectory directory)
    {
        var entries = EntryNames(directory).ToLookup(name => name[..name.IndexOf('-')], StringComparer.Ordinal);
        foreach (
            var id in Names(directory, Participant.Folder).Where(name => Participant.IsId(name)).Union(entries.Select(group => group.Key)))
        {
            _ = TryRemove(directory, id, entries[id]);
        }
    }

    /// <summary>Removes the entries and the file of a participant if it is dead. Returns whether it is.</summary>
    /// <param name="directory">The runtime directory.</param>
    /// <param name="id">The participant.</param>
    /// <param name="entries">The names of its entries.</param>
    /// <param name="removed">Gets the entries that were removed.</param>
    public static bool TryRemove(
        RuntimeDirectory directory, string id, IEnumerable<string> entries, ICollection<EndpointInfo>? removed = null)
    {
        var path = $"{directory.Path}/{Participant.Folder}/{id}";
        using var file = NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out var error);
        if (file is null)
        {
            if (error is not (Errno.ENOENT or Errno.ENOTDIR))
            {
                // A file that cannot be opened does not prove a death.
                return false;
            }

            // Identifiers are never reused: without a participant file, no lock is needed.
            _ = RemoveEntries(directory, entries, removed);
            return true;
        }

        if (!OpenFileLock.TryLockShared(file))
        {
            return false;
        }

        // This lock lasts until the descriptor is closed, at the end of this method. It is shared: concurrent readers do not mistake it for
        // an owner. It keeps out a participant about to lock its new file, which then finds its name gone and creates another.
        if (NativeFile.Fstat(file) is { } status && FileIdentity.At(path) == FileIdentity.Of(status))
        {
            if (RemoveEntries(directory, entries, removed))
            {
                _ = NativeFile.Unlink(path);
            }
        }

        return true;
    }

    /// <summary>Returns the names of all well-formed entries.</summary>
    public static IEnumerable<string> EntryNames(RuntimeDirectory directory) =>
        Names(directory, EndpointEntry.Folder).Where(EndpointEntry.IsName);

    /// <summary>Returns the names in a folder of the directory; none if it does not exist.</summary>
    /// <exception cref="FairleadException">PermissionDenied or Unavailable: it cannot be read.</exception>
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
            // No process has published anything yet.
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FairleadException(
                e is IOException ? ErrorCode.Unavailable : ErrorCode.PermissionDenied,
                $"the folder {directory.Path}/{folder} cannot be read ({PlainText.OneLine(e.Message)})",
                "Check the folder, and how many files this process has open.",
                e);
        }
    }

    // A failed unlink is not an error: the entry stays hidden while its owner is dead, and the next reader tries again. Returns false if
    // that is needed.
    private static bool RemoveEntries(RuntimeDirectory directory, IEnumerable<string> entries, ICollection<EndpointInfo>? removed)
    {
        var all = true;
        foreach (var name in entries)
        {
            var path = $"{directory.Path}/{EndpointEntry.Folder}/{name}";
            EndpointInfo? dead = EndpointEntryReader.Read(path, out SkippedEntry? skipped);
            if (skipped?.Code != ErrorCode.Unavailable && (dead is null || DeadSocketFile.TryRemove(dead, directory)))
            {
                _ = NativeFile.Unlink(path);
                if (dead is not null)
                {
                    removed?.Add(dead);
                }
            }
            else
            {
                all = false;
            }
        }

        return all;
    }
}
