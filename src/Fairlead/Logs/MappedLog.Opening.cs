using Fairlead.Logs.Storage;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Logs;

// How one comes to a log, and how it goes.
public sealed partial class MappedLog
{
    /// <summary>The options that an address may carry.</summary>
    internal static IReadOnlyList<string> Options { get; } = ["segment", "sync", "keep", "age", "protect"];

    /// <summary>
    /// Opens a log, or makes it. <c>log://orders</c> lies in <c>$XDG_STATE_HOME/fairlead</c> (else <c>~/.local/state/fairlead</c>),
    /// <c>log:///path</c> at the path. The first who has it open looks after it: behind a crash of the machine he reads what was not
    /// synchronized, which takes as long as that is.
    /// </summary>
    /// <param name="address">With the options <c>segment</c>, <c>sync</c>, <c>keep</c>, <c>age</c>, <c>protect</c>.</param>
    /// <param name="options">What the address does not say.</param>
    /// <exception cref="FairleadException">
    /// NotFound: there is none, and none was to be made. AlreadyExists: something else stands there. Full: there is no room for the first
    /// segment. Incompatible: another layout version. Corrupt: the header of a file is damaged. PermissionDenied: the folder or a file in
    /// it belongs to another user (root's are taken). Unavailable: another process has had it for itself for a minute.
    /// </exception>
    public static MappedLog Open(Address address, LogOptions? options = null) => Open(address, options, CancellationToken.None);

    /// <summary>The same; the token ends the wait for another process that has the log for itself.</summary>
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

    /// <summary>Whether there is a log.</summary>
    /// <param name="address">Its address.</param>
    public static bool Exists(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        RequireScheme(address);
        string folder = LogFolder.PathOf(address);
        return Directory.Exists(folder) && LogFolder.Ordinals(folder).Count != 0;
    }

    /// <summary>The names of the logs in the directory of the user's logs.</summary>
    public static IReadOnlyList<string> Names()
    {
        string state = StateDirectory.Locate();
        return Directory.Exists(state)
            ?
            [
                .. Directory
                    .GetDirectories(state)
                    .Where(static folder => LogFolder.Ordinals(folder).Count != 0)
                    .Select(static folder => System.IO.Path.GetFileName(folder))
                    .Order(StringComparer.Ordinal),
            ]
            : [];
    }

    /// <summary>Removes a log with all that is in it.</summary>
    /// <param name="address">Its address.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: somebody has it open.</exception>
    public static bool Remove(Address address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!Exists(address))
        {
            return false;
        }

        string folder = LogFolder.PathOf(address);
        LogFolder.Require(folder);
        using LogControl control = LogControl.Open(folder, mayMake: true, out _)!;
        if (!control.TryBeAlone())
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                "is in use",
                $"End those who have it open; see who they are: lsof {folder}/{LogLayout.ControlName}")
            {
                Address = address,
            };
        }

        // Only what is ours: the folder stays if there is anything else in it.
        foreach (long ordinal in LogFolder.Ordinals(folder))
        {
            _ = NativeFile.Unlink($"{folder}/{LogSegment.NameOf(ordinal)}");
        }

        foreach (var (name, _, _, _) in LogPosition.All(folder))
        {
            _ = NativeFile.Unlink($"{folder}/{LogLayout.PositionFolder}/{name}");
        }

        _ = NativeFile.Unlink($"{folder}/{LogLayout.ControlName}");
        RemoveEmpty($"{folder}/{LogLayout.PositionFolder}");
        RemoveEmpty(folder);
        return true;
    }

    /// <summary>Removes a named position, so that it protects nothing any more and a follower of this name begins anew.</summary>
    /// <param name="address">Of the log.</param>
    /// <param name="position">The name.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: somebody follows under the name; it says who.</exception>
    public static bool RemovePosition(Address address, string position)
    {
        ArgumentNullException.ThrowIfNull(address);
        RequireScheme(address);
        LogPosition.RequireName(position);
        return LogPosition.Remove(LogFolder.PathOf(address), position);
    }

    private static void RemoveEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }

    private static void RequireScheme(Address address)
    {
        if (address.Scheme != "log")
        {
            throw new FairleadException(ErrorCode.NotSupported, $"{address.Scheme}:// is no log", "Write log://name or log:///path.")
            {
                Address = address,
            };
        }
    }
}
