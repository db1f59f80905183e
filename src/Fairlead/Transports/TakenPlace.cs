using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>The errors for a file-system path that cannot be used.</summary>
internal static class TakenPlace
{
    /// <summary>Returns the error for a path with a live holder.</summary>
    /// <param name="holder">The holder; null if it cannot be determined.</param>
    /// <param name="inquiry">A command that may show the holder.</param>
    /// <param name="address">The address, for the error.</param>
    public static FairleadException Held(Holder? holder, string inquiry, Address address)
    {
        var whatHappened = holder is null ? "is held by a process that this one cannot identify" : $"is held by {holder}";
        var whatToDo = holder is null ? $"Find the process with {inquiry}" : "End it first, or choose another name.";
        return new FairleadException(ErrorCode.AlreadyExists, whatHappened, whatToDo) { Address = address, Peer = holder?.Peer };
    }

    /// <summary>Returns the error for a directory that cannot be locked. <see cref="Errno.None"/>: another process holds its
    /// lock.</summary>
    public static FairleadException NoDirectory(string parent, Errno error, Address address)
    {
        var seconds = DirectoryLock.Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var failure = error switch
        {
            Errno.None => new FairleadException(
                ErrorCode.Unavailable,
                $"another process has held the lock of the directory {parent} for {seconds} seconds",
                $"Find the process with lsof {parent}"),
            Errno.ENOENT => new FairleadException(
                ErrorCode.NotFound, $"the directory {parent} does not exist", "Create it first, or choose another path.")
            {
                Errno = (int)error,
            },
            Errno.ENOTDIR => new FairleadException(ErrorCode.NotFound, $"{parent} is not a directory", "Choose another path.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"the directory {parent} cannot be used", error),
        };
        return failure.At(address);
    }

    public static string KindName(FileKind kind) => kind switch
    {
        FileKind.Regular => "a regular file",
        FileKind.Directory => "a directory",
        FileKind.Symlink => "a symbolic link",
        FileKind.Fifo => "a FIFO",
        FileKind.Socket => "a socket",
        _ => "a device",
    };
}
