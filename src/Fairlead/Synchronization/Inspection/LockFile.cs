using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Synchronization.Inspection;

/// <summary>Reads the files of all locks of this user. It does not map them, because a process may have truncated a file.</summary>
internal static class LockFile
{
    /// <summary>Returns all named locks; leaves out files that are not locks or cannot be read.</summary>
    /// <param name="directory">Null: the directory of this process.</param>
    /// <exception cref="FairleadException">PermissionDenied: other users could have put forged files there.</exception>
    public static Dictionary<string, LockSnapshot> All(RuntimeDirectory? directory = null)
    {
        Dictionary<string, LockSnapshot> all = new(StringComparer.Ordinal);
        directory ??= RuntimeDirectory.Current();
        if (!directory.HasFolder(NamedRegion.LockFolder))
        {
            return all;
        }

        string folder = $"{directory.Path}/{NamedRegion.LockFolder}";
        foreach (string name in DeadParticipants.Names(directory, NamedRegion.LockFolder))
        {
            if (Read($"{folder}/{name}") is { } found)
            {
                all[name] = found;
            }
        }

        return all;
    }

    private static LockSnapshot? Read(string path)
    {
        using Descriptor? file = NativeFile.Lstat(path) is { Kind: FileKind.Regular }
            ? NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, out _)
            : null;
        if (file is null || RegionHeader.ContentOf(file) is not { } content || LockSnapshot.SizeOf(content) is not (> 0 and var size))
        {
            return null;
        }

        byte[] words = new byte[size];
        return LockSnapshot.Of(content, words.AsSpan(0, file.ReadAt(words, RegionLayout.HeaderSize).Count));
    }
}
