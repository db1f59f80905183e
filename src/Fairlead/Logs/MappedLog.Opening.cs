using Fairlead.Logs.Storage;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Logs;

// Opening, creating and removing logs.
public sealed partial class MappedLog
{
    /// <summary>The options that an address may carry.</summary>
    internal static IReadOnlyList<string> Options { get; } = ["segment", "sync", "keep", "age", "protect"];

    /// <summary>
    /// Opens a log, or creates it. <c>log://orders</c> lies in <c>$XDG_STATE_HOME/fairlead</c> (by default <c>~/.local/state/fairlead</c>),
    /// <c>log:///path</c> at the path. The first process to open it repairs it: after a crash of the machine it reads the part that was not
    /// synchronized, which takes time in proportion.
    /// </summary>
    /// <param name="address">The address, with the options <c>segment</c>, <c>sync</c>, <c>keep</c>, <c>age</c>, <c>protect</c>.</param>
    /// <param name="options">Settings that the address does not give.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist, and was not to be created. AlreadyExists: the path belongs to something else. Full: not enough space
    /// for the first segment. Incompatible: another layout version. Corrupt: the header of a file is damaged. PermissionDenied: the folder
    /// or a file in it belongs to another user than this one or root. Unavailable: another process kept the log locked for a minute.
    /// </exception>
    public static MappedLog Open(Address address, LogOptions? options = null) => Open(address, options, CancellationToken.None);

    /// <summary>Same as the public overload. The token cancels the wait for another process that has the log locked.</summary>
    internal static MappedLog Open(Address address, LogOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        RequireScheme(address);
        address.RequireKnown(Options);
        LogOptions settings = (options ?? new LogOptions()).With(address);
        try
        {
            LogRetention retention = new(settings.MaxSize, settings.MaxAge, settings.Protection);
            string folder = LogFolder.PathOf(address);
            LogStore store = LogStore.Open(
                folder, settings.SegmentSize, settings.Create, retention, settings.TimeProvider, cancellationToken);
            return new MappedLog(address, store, settings);
        }
        catch (FairleadException error) when (error.Address is null)
        {
            throw error.At(address);
        }
    }

    /// <summary>Returns whether a log exists.</summary>
    /// <param name="address">Its address.</param>
    /// <exception cref="FairleadException">The system refuses to say: this user may not search the directory above it.</exception>
    public static bool Exists(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        RequireScheme(address);
        string folder = LogFolder.PathOf(address);
        return LogFolder.IsDirectory(folder) && LogFolder.Ordinals(folder).Count != 0;
    }

    /// <summary>Returns the names of the logs in the user's directory of logs.</summary>
    /// <exception cref="FairleadException">The directory cannot be read.</exception>
    public static IReadOnlyList<string> Names()
    {
        string state = StateDirectory.Locate();
        return LogFolder.IsDirectory(state)
            ?
            [
                .. LogFolder
                    .Folders(state)
                    .Where(static folder => LogFolder.Ordinals(folder).Count != 0)
                    .Select(static folder => System.IO.Path.GetFileName(folder))
                    .Order(StringComparer.Ordinal),
            ]
            : [];
    }

    /// <summary>Removes a log with all of its content.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: a process has it open.</exception>
    public static bool Remove(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        while (Exists(address))
        {
            string folder = LogFolder.PathOf(address);
            try
            {
                LogFolder.Require(folder);
                using LogControl control = LogControl.Open(folder, mayMake: true, out _)!;
                if (!control.TryBeAlone())
                {
                    throw new FairleadException(
                        ErrorCode.AlreadyExists,
                        "is in use",
                        $"End the processes that have it open. To find them: lsof {folder}/{LogLayout.ControlName}")
                    {
                        Address = address,
                    };
                }

                // Another process may have removed the log since this one opened the file, and a third may have made it anew and have it
                // open: the lock of a file without a name excludes no other process.
                if (control.IsNamed)
                {
                    RemoveFiles(folder);
                    return true;
                }
            }
            catch (FairleadException gone) when (gone.Code == ErrorCode.NotFound)
            {
                // Another process has removed the folder.
            }
        }

        return false;
    }

    // The caller has the log exclusively.
    private static void RemoveFiles(string folder)
    {
        // Remove only Fairlead's files: the folder stays if it holds anything else.
        foreach (long ordinal in LogFolder.Ordinals(folder))
        {
            _ = NativeFile.Unlink($"{folder}/{LogSegment.NameOf(ordinal)}");
        }

        foreach (var (name, _, _, _) in LogPosition.All(folder))
        {
            _ = NativeFile.Unlink($"{folder}/{LogLayout.PositionFolder}/{name}");
        }

        // The control file goes last: as long as it is there, the folder is that of a log.
        RemoveEmpty($"{folder}/{LogLayout.PositionFolder}");
        _ = NativeFile.Unlink($"{folder}/{LogLayout.ControlName}");
        RemoveEmpty(folder);
    }

    /// <summary>Removes a named position. It protects no records any more, and a follower of this name starts anew.</summary>
    /// <param name="address">The address of the log.</param>
    /// <param name="position">The name of the position.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: a process follows under the name; the message says which.</exception>
    public static bool RemovePosition(Address address, string position)
    {
        ArgumentNullException.ThrowIfNull(address);
        RequireScheme(address);
        LogPosition.RequireName(position);
        return LogPosition.Remove(LogFolder.PathOf(address), position);
    }

    private static void RemoveEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // It is not there, or not empty: it has files of the user, or another process creates the log anew.
        }
    }

    private static void RequireScheme(Address address)
    {
        if (address.Scheme != "log")
        {
            throw new FairleadException(ErrorCode.NotSupported, $"{address.Scheme}:// is not a log", "Write log://name or log:///path.")
            {
                Address = address,
            };
        }
    }
}
