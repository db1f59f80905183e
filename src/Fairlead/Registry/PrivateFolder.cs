using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// Directories that belong to one user only (0700). Checked at each use: a user who could put files there could impersonate our servers.
/// </summary>
internal static class PrivateFolder
{
    /// <summary>All permissions for the owner, none for others.</summary>
    public const uint Mode = 0b111_000_000;

    private const uint OthersMayEnter = 0b000_111_111;
    private const uint OthersMayWrite = 0b000_010_010;

    // A cleaner may remove the directory between two steps. One that does so each time is not a cleaner.
    private const int MostAttempts = 16;

    /// <summary>Creates a directory if it does not exist, and checks it.</summary>
    /// <param name="path">Its path; the parent directory exists.</param>
    /// <param name="cannot">Creates the error for a directory that cannot be created.</param>
    /// <param name="variable">The variable by which the user chooses another directory.</param>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use.</exception>
    public static void Make(string path, Func<string, Errno, FairleadException> cannot, string variable) =>
        Make(path, static () => { }, cannot, variable);

    /// <summary>Does the same in a directory that is prepared before each attempt, because it may be removed, too.</summary>
    public static void Make(string path, Action prepareParent, Func<string, Errno, FairleadException> cannot, string variable)
    {
        if (!SucceedsOnce(TryPrepared))
        {
            throw cannot(path, Errno.ENOENT);
        }

        bool TryPrepared()
        {
            prepareParent();
            return TryMake(path, cannot, variable);
        }
    }

    /// <summary>Creates a directory and its parents, or checks an existing one, which others may read but not change.</summary>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use. Unavailable: it cannot be created.</exception>
    public static void MakeAnywhere(string path)
    {
        // With a slash behind it, a symbolic link would be followed.
        string name = path.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : "/";
        if (!SucceedsOnce(() => TryMakeAnywhere(name)))
        {
            throw CannotCreate(name, Errno.ENOENT);
        }
    }

    /// <summary>Returns the status of a directory, following links; null if there is none.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="variable">The variable by which the user chooses another directory.</param>
    /// <exception cref="FairleadException">The system refuses to say whether it exists.</exception>
    public static FileStatus? Find(string path, string variable)
    {
        if (NativeFile.Stat(path, out Errno error) is { } status)
        {
            return status.Kind == FileKind.Directory ? status : null;
        }

        return error is Errno.ENOENT or Errno.ENOTDIR ? null : throw CannotAccess(path, error, variable);
    }

    /// <summary>Creates the error for a directory about which the system refuses to say anything.</summary>
    public static FairleadException CannotAccess(string path, Errno error, string variable) => new(
        ErrnoMap.ToCode(error),
        $"the directory {PlainText.OneLine(path)} cannot be accessed ({ErrnoMap.Describe(error)})",
        $"Check the permissions and links of its path, or set {variable} to a directory of this user.")
    {
        Errno = (int)error,
    };

    /// <summary>Checks an existing directory.</summary>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use.</exception>
    public static void RequireOurs(string path, FileStatus status, string variable)
    {
        var user = NativeProcess.UserId;
        if (status.Kind == FileKind.Symlink)
        {
            throw Unsafe(
                $"{path} is a symbolic link, not a directory",
                "Another user may have put it there to redirect this user's messages. Remove it.");
        }

        if (status.Kind != FileKind.Directory)
        {
            throw Unsafe($"{path} is not a directory", "Remove it; Fairlead creates the directory itself.");
        }

        if (status.Uid != user)
        {
            throw Unsafe(
                string.Create(CultureInfo.InvariantCulture, $"{path} belongs to uid {status.Uid}, while this process runs as uid {user}"),
                $"Ask its owner to remove it, or set {variable} to a directory of this user.");
        }

        if ((status.Mode & OthersMayEnter) != 0)
        {
            throw Unsafe(
                $"{path} is open to other users (mode {Convert.ToString(status.Mode, 8).PadLeft(4, '0')})",
                $"If no other user can have used it, close it: chmod 700 {path}");
        }
    }

    /// <summary>Returns false if the directory, or the one it is in, was not there any more at a later step.</summary>
    private static bool TryMake(string path, Func<string, Errno, FairleadException> cannot, string variable)
    {
        var error = NativeFile.Mkdir(path, Mode);
        if (error == Errno.None)
        {
            // An unusual umask may have removed permissions of the owner.
            _ = NativeFile.Chmod(path, Mode);
        }
        else if (error == Errno.ENOENT)
        {
            return false;
        }
        else if (error is not (Errno.EEXIST or Errno.EROFS or Errno.EACCES))
        {
            throw cannot(path, error);
        }

        // On EROFS and EACCES it may exist all the same, which is enough.
        if (NativeFile.Lstat(path, out Errno unseen) is not { } status)
        {
            Errno reason = error is Errno.None or Errno.EEXIST ? unseen : error;
            return reason == Errno.ENOENT ? false : throw cannot(path, reason);
        }

        RequireOurs(path, status, variable);
        return true;
    }

    /// <summary>Returns false if the directory, or the one it is in, was not there any more at a later step.</summary>
    private static bool TryMakeAnywhere(string name)
    {
        string? parent = Path.GetDirectoryName(Path.GetFullPath(name));
        try
        {
            if (parent is not null)
            {
                Directory.CreateDirectory(parent);
            }
        }
        catch (IOException problem) when (problem is DirectoryNotFoundException || !Path.Exists(parent))
        {
            // The platform reports one that is removed while it is made as missing, or as existing but no directory.
            return false;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new FairleadException(
                problem is UnauthorizedAccessException ? ErrorCode.PermissionDenied : ErrorCode.Unavailable,
                $"the directory {name} cannot be created",
                "Create its parent directory, or name another one.",
                problem);
        }

        Errno error = NativeFile.Mkdir(name, Mode);
        if (NativeFile.Lstat(name, out Errno unseen) is not { } status)
        {
            Errno reason = error is Errno.None or Errno.EEXIST ? unseen : error;
            return reason == Errno.ENOENT ? false : throw CannotCreate(name, reason);
        }

        if (status.Kind != FileKind.Directory)
        {
            throw Unsafe(
                status.Kind == FileKind.Symlink ? $"{name} is a symbolic link, not a directory" : $"{name} is not a directory",
                "Name the directory itself, or a new one.");
        }

        if (status.Uid != NativeProcess.UserId)
        {
            throw Unsafe(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} belongs to uid {status.Uid} and may be changed by it, while this process runs as uid {NativeProcess.UserId}"),
                "Name a directory of this user, or a new one.");
        }

        if ((status.Mode & OthersMayWrite) != 0)
        {
            throw Unsafe(
                $"other users may replace files in {name} (mode {Convert.ToString(status.Mode, 8).PadLeft(4, '0')})",
                $"If no other user can have used it, close it: chmod 700 {name}");
        }

        return true;
    }

    private static bool SucceedsOnce(Func<bool> attempt)
    {
        for (int i = 0; i < MostAttempts; i++)
        {
            if (attempt())
            {
                return true;
            }
        }

        return false;
    }

    private static FairleadException CannotCreate(string name, Errno error) =>
        ErrnoMap.Failure($"the directory {name} cannot be created", error);

    private static FairleadException Unsafe(string whatHappened, string whatToDo) =>
        new(ErrorCode.PermissionDenied, whatHappened, whatToDo);
}
