using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>Opens what a log consists of.</summary>
internal static class LogFile
{
    /// <summary>Null when nothing is there. Never follows a symbolic link, never opens anything but a file.</summary>
    public static Descriptor? TryOpen(string path, string who)
    {
        if (NativeFile.Lstat(path, out Errno error) is not { } status)
        {
            return error == Errno.ENOENT ? null : throw ErrnoMap.Failure($"{who} cannot be looked at", error);
        }

        if (status.Kind != FileKind.Regular)
        {
            throw new FairleadException(ErrorCode.AlreadyExists, $"{who} is no regular file", "Fairlead never replaces what it did not make: choose another place for the log, or remove it yourself.");
        }

        Descriptor? file = NativeFile.Open(path, OpenFlags.ReadWrite | OpenFlags.NoFollow, out error);
        return file ?? (error == Errno.ENOENT ? null : throw ErrnoMap.Failure($"{who} cannot be opened", error));
    }
}
