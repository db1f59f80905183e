using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Registry;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization.Inspection;

/// <summary>The files of all locks of this user, read and not mapped: what somebody may have cut is not to be touched.</summary>
internal static class LockFile
{
    /// <summary>All mutexes by name; what is none, or cannot be read, is left out.</summary>
    public static Dictionary<string, MutexSnapshot> Mutexes()
    {
        Dictionary<string, MutexSnapshot> all = new(StringComparer.Ordinal);
        byte[] words = new byte[MutexLayout.Size];
        string folder = $"{RuntimeDirectory.Current().Path}/{NamedRegion.LockFolder}";
        foreach (string name in DeadParticipants.Names(RuntimeDirectory.Current(), NamedRegion.LockFolder))
        {
            if (TryRead($"{folder}/{name}", words))
            {
                all[name] = MutexSnapshot.Of(words);
            }
        }

        return all;
    }

    private static bool TryRead(string path, byte[] words)
    {
        using Descriptor? file = NativeFile.Lstat(path) is { Kind: FileKind.Regular } ? NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow, out _) : null;
        return file is not null && RegionHeader.Holds(file, RegionContent.Mutex) && file.ReadAt(words, RegionLayout.HeaderSize).Count == words.Length;
    }
}
