using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports;

/// <summary>Why a place among the files cannot be had.</summary>
internal static class TakenPlace
{
    /// <summary>Somebody lives there.</summary>
    /// <param name="holder">Who; null where that cannot be told.</param>
    /// <param name="inquiry">A command that may tell it.</param>
    /// <param name="address">What the user calls the place.</param>
    public static FairleadException Held(Holder? holder, string inquiry, Address address)
    {
        var whatHappened = holder is null ? "is held by a process that cannot be told from here" : $"is held by {holder}";
        var whatToDo = holder is null ? $"See who it is: {inquiry}" : "End it first, or choose another name.";
        return new FairleadException(ErrorCode.AlreadyExists, whatHappened, whatToDo) { Address = address, Peer = holder?.Peer };
    }

    /// <summary>The directory cannot be locked; <see cref="Errno.None"/>: somebody else keeps its lock.</summary>
    public static FairleadException NoDirectory(string parent, Errno error, Address address)
    {
        var seconds = DirectoryLock.Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var failure = error switch
        {
            Errno.None => new FairleadException(
                ErrorCode.Unavailable,
                $"somebody has kept the lock of the directory {parent} for {seconds} seconds",
                $"See who it is: lsof {parent}"),
            Errno.ENOENT => new FairleadException(
                ErrorCode.NotFound, $"there is no directory {parent}", "Make it first, or choose another path.")
            {
                Errno = (int)error,
            },
            Errno.ENOTDIR => new FairleadException(ErrorCode.NotFound, $"{parent} is no directory", "Choose another path.")
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
