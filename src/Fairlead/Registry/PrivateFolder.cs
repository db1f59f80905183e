using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// Directories that are one user's alone (0700). Checked at each use, because whoever could put files there could answer in our place.
/// </summary>
internal static class PrivateFolder
{
    /// <summary>What its owner may do, and nobody else.</summary>
    public const uint Mode = 0b111_000_000;

    private const uint OthersMayEnter = 0b000_111_111;

    /// <summary>Makes one where it is missing, and checks it.</summary>
    /// <param name="path">Its path; the directory above it exists.</param>
    /// <param name="cannot">The error for one that cannot be made.</param>
    /// <param name="variable">The variable by which the user chooses another.</param>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use.</exception>
    public static void Make(string path, Func<string, Errno, FairleadException> cannot, string variable)
    {
        var error = NativeFile.Mkdir(path, Mode);
        if (error == Errno.None)
        {
            // An unusual umask may have taken rights from its owner.
            _ = NativeFile.Chmod(path, Mode);
        }
        else if (error is not (Errno.EEXIST or Errno.EROFS or Errno.EACCES))
        {
            throw cannot(path, error);
        }

        // On EROFS and EACCES it may be there all the same, which is enough.
        if (NativeFile.Lstat(path) is not { } status)
        {
            throw cannot(path, error == Errno.None ? Errno.ENOENT : error);
        }

        RequireOurs(path, status, variable);
    }

    /// <summary>Checks one that is there.</summary>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use.</exception>
    public static void RequireOurs(string path, FileStatus status, string variable)
    {
        var user = NativeProcess.UserId;
        if (status.Kind == FileKind.Symlink)
        {
            throw Unsafe(
                $"{path} is a symbolic link, not a directory",
                "Somebody may have put it there to redirect this user's messages. Remove it.");
        }

        if (status.Kind != FileKind.Directory)
        {
            throw Unsafe($"{path} is no directory", "Remove it; Fairlead makes the directory itself.");
        }

        if (status.Uid != user)
        {
            throw Unsafe(
                string.Create(CultureInfo.InvariantCulture, $"{path} belongs to uid {status.Uid}, while this process runs as uid {user}"),
                $"Have it removed by its owner, or set {variable} to a directory of this user.");
        }

        if ((status.Mode & OthersMayEnter) != 0)
        {
            throw Unsafe(
                $"{path} is open to other users (mode {Convert.ToString(status.Mode, 8).PadLeft(4, '0')})",
                $"If nobody else can have used it, close it: chmod 700 {path}");
        }
    }

    private static FairleadException Unsafe(string whatHappened, string whatToDo) =>
        new(ErrorCode.PermissionDenied, whatHappened, whatToDo);
}
