using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Logs.Storage;

/// <summary>Opens the files of a log.</summary>
internal static class LogFile
{
    /// <summary>
    /// Opens a file; null if nothing has the path. Never follows a symbolic link, and opens only files of a trusted user.
    /// </summary>
    /// <exception cref="FairleadException">AlreadyExists: not a regular file. PermissionDenied: it belongs to another user.</exception>
    public static Descriptor? TryOpen(string path, string who)
    {
        // Check the kind first: opening a FIFO or a device has side effects.
        if (NativeFile.Lstat(path, out Errno error) is not { } status)
        {
            return error == Errno.ENOENT ? null : throw ErrnoMap.Failure($"{who} cannot be accessed", error);
        }

        RequireRegular(status, who);
        RequireTrusted(status, who);
        Descriptor? file = NativeFile.Open(path, OpenFlags.ReadWrite | OpenFlags.NoFollow, out error);
        return file is not null ? Judged(file, who)
            : error == Errno.ENOENT ? null
            : throw ErrnoMap.Failure($"{who} cannot be opened", error);
    }

    /// <summary>
    /// Returns the file, or disposes it and throws like <see cref="TryOpen"/>: the name may refer to another file.
    /// </summary>
    public static Descriptor Judged(Descriptor file, string who)
    {
        try
        {
            FileStatus status = StatusOf(file, who);
            RequireRegular(status, who);
            RequireTrusted(status, who);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Returns the status of an open file.</summary>
    /// <exception cref="FairleadException">The kernel cannot tell.</exception>
    public static FileStatus StatusOf(Descriptor file, string who) =>
        NativeFile.Fstat(file, out Errno error) ?? throw ErrnoMap.Failure($"{who} cannot be inspected", error);

    /// <summary>
    /// Throws unless this user, or root, owns the file. Any other owner could read and change the log, and truncate a file that is mapped
    /// here, which ends the process.
    /// </summary>
    public static void RequireTrusted(FileStatus status, string who)
    {
        uint user = NativeProcess.UserId;
        if (status.Uid != user && status.Uid != 0)
        {
            throw new FairleadException(
                ErrorCode.PermissionDenied,
                string.Create(CultureInfo.InvariantCulture, $"{who} belongs to uid {status.Uid}, while this process runs as uid {user}"),
                "Its owner could read and change the log: choose another path for it, or run as its owner.");
        }
    }

    private static void RequireRegular(FileStatus status, string who)
    {
        if (status.Kind != FileKind.Regular)
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"{who} is not a regular file",
                "Fairlead never replaces what it did not create: choose another path for the log, or remove it yourself.");
        }
    }
}
