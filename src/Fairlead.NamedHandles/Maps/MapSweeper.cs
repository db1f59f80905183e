using Fairlead.NamedHandles.Names;
using Fairlead.Registry;

namespace Fairlead.NamedHandles.Maps;

/// <summary>
/// Removes the files of maps when the last process has closed them. The platform closes a map by itself, so this waits for the kernel to
/// report it. A process that was killed leaves its files to another one, at the latest to the next that creates an object.
/// </summary>
internal static class MapSweeper
{
    private static readonly RankedLock Gate = new(LockRank.MapSweeper);

    // By the path of their directories: a program may change its runtime directory.
    private static readonly Dictionary<string, FolderWatch> Watches = [];

    /// <summary>Begins to watch the directory of a scope. Called before a map there is opened.</summary>
    public static void Begin(ObjectScope scope)
    {
        ObjectDirectory directory = ObjectDirectory.Of(scope);
        using (Gate.Hold())
        {
            if (Watches.TryGetValue(directory.Path, out FolderWatch? former))
            {
                if (!former.IsOver)
                {
                    return;
                }

                former.Dispose();
            }

            Watches[directory.Path] = FolderWatch.OfCloses(directory.Path, file => Closed(directory, file));
        }
    }

    // On a thread of the reactor, which must not wait for the lock of the directory.
    private static void Closed(ObjectDirectory directory, string file)
    {
        if (file.EndsWith(ObjectFile.MapEnding, StringComparison.Ordinal))
        {
            PoolWork.Queue("a closed map", static closed => ObjectFile.RemoveIfOver(closed.directory, closed.file), (directory, file));
        }
    }
}
