using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Processes.Starting;

/// <summary>Finds programs as a shell does, and explains why one cannot run.</summary>
internal static class ProgramFile
{
    private const string UsualPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>Returns the file of a program: a name with a slash is a path, any other is looked up in <c>PATH</c>.</summary>
    /// <exception cref="FairleadException">NotFound; PermissionDenied: it exists, but this user may not run it.</exception>
    public static string Find(string program)
    {
        ArgumentException.ThrowIfNullOrEmpty(program);
        if (program.Contains('/', StringComparison.Ordinal))
        {
            Errno error = Problem(program);
            return error == Errno.None ? Path.GetFullPath(program) : throw Failure(program, error);
        }

        bool isForbidden = false;
        foreach (string directory in (Environment.GetEnvironmentVariable("PATH") ?? UsualPath).Split(':'))
        {
            string path = Path.Combine(directory.Length == 0 ? "." : directory, program);
            Errno error = Problem(path);
            if (error == Errno.None)
            {
                return Path.GetFullPath(path);
            }

            // A directory that this user may not search holds nothing for the user.
            isForbidden |= error == Errno.EACCES && NativeFile.Stat(path) is not null;
        }

        throw isForbidden
            ? Failure(program, Errno.EACCES)
            : new FairleadException(ErrorCode.NotFound, $"the program '{program}' was not found in PATH", "Install it, or give its path.")
            {
                Errno = (int)Errno.ENOENT,
            };
    }

    /// <summary>Returns whether a program of that name exists.</summary>
    public static bool Exists(string program)
    {
        try
        {
            Find(program);
            return true;
        }
        catch (FairleadException)
        {
            return false;
        }
    }

    /// <summary>Creates the error for a start that the kernel refused.</summary>
    public static FairleadException Refused(string program, string? directory, Errno error)
    {
        if (directory is not null && DirectoryProblem(directory) is { } problem)
        {
            return problem;
        }

        return error switch
        {
            // The file itself was found before.
            Errno.ENOENT => new FairleadException(
                ErrorCode.NotFound,
                $"{program} needs an interpreter or a loader that does not exist",
                "Check its first line, or the output of file(1).")
            {
                Errno = (int)error,
            },
            Errno.ENOEXEC => new FairleadException(
                ErrorCode.NotSupported,
                $"{program} is not a program that this machine can run",
                "A script must begin with #! and its interpreter.")
            {
                Errno = (int)error,
            },
            Errno.E2BIG => new FairleadException(
                ErrorCode.TooLarge,
                "the arguments and the environment are longer than the kernel allows",
                "Pass them in a file or a stream.")
            {
                Errno = (int)error,
            },
            Errno.EACCES => Failure(program, error),
            Errno.ETXTBSY => new FairleadException(ErrorCode.Unavailable, $"{program} is being written to", "Start it when it is complete.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"{program} cannot be started", error),
        };
    }

    /// <summary>Returns why a program cannot run in a directory, or null.</summary>
    public static FairleadException? DirectoryProblem(string directory)
    {
        FileStatus? status = NativeFile.Stat(directory, out Errno error);
        return status is null ? ErrnoMap.Failure($"the directory {directory} cannot be entered", error)
            : status.Kind != FileKind.Directory
                ? new FairleadException(ErrorCode.NotFound, $"{directory} is not a directory") { Errno = (int)Errno.ENOTDIR }
            : null;
    }

    private static FairleadException Failure(string program, Errno error) =>
        error switch
        {
            Errno.EISDIR => new FairleadException(ErrorCode.NotFound, $"{program} is a directory, not a program") { Errno = (int)error },
            Errno.EACCES => new FairleadException(
                ErrorCode.PermissionDenied, $"this user may not run {program}", "Check its mode: chmod +x.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"the program {program} was not found", error),
        };

    private static Errno Problem(string path)
    {
        FileStatus? status = NativeFile.Stat(path, out Errno error);
        return status is null ? error
            : status.Kind == FileKind.Directory ? Errno.EISDIR
            : NativeFile.MayRun(path) ? Errno.None
            : Errno.EACCES;
    }
}
