using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Synchronization.Inspection;

/// <summary>The files of all locks of this user, read and not mapped: what somebody may have cut is not to be touched.</summary>
internal static class LockFile
{
    /// <summary>All locks by name; what is none, or cannot be read, is left out.</summary>
    /// <param name="directory">Null: the directory of this process.</param>
    /// <exception cref="FairleadException">PermissionDenied: others could have put files there, and told what they like.</exception>
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
