using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Processes;

/// <summary>FIFOs in the file system, for programs that open them as files. Endpoints at <c>fifo://</c> create theirs.</summary>
public static class FifoPath
{
    /// <summary>Creates a FIFO, or finds one that exists. The permissions hold regardless of the umask.</summary>
    /// <param name="path">The path.</param>
    /// <param name="mode">The permissions of a new FIFO.</param>
    /// <returns>Whether it was created here, and so is yours to remove.</returns>
    /// <exception cref="FairleadException">
    /// AlreadyExists: the path is another kind of file, which stays as it is. NotFound: the directory does not exist. PermissionDenied.
    /// </exception>
    public static bool Create(string path, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Errno error = NativeFile.MakeFifo(path, (uint)mode);
        if (error == Errno.None)
        {
            _ = NativeFile.Chmod(path, (uint)mode);
            return true;
        }

        if (error != Errno.EEXIST)
        {
            throw ErrnoMap.Failure($"the FIFO {path} cannot be created", error);
        }

        if (NativeFile.Stat(path) is { Kind: FileKind.Fifo })
        {
            return false;
        }

        throw new FairleadException(
            ErrorCode.AlreadyExists, $"the file {path} exists and is not a FIFO", "Choose another path, or remove this file.");
    }
}
