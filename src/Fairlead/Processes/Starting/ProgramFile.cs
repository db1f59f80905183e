using Fairlead.Native;

namespace Fairlead.Processes.Starting;

/// <summary>Finds programs as a shell does, and says what is wrong with them.</summary>
internal static class ProgramFile
{
    private const string UsualPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>The file of a program: what has a slash is a path, what has none is sought along <c>PATH</c>.</summary>
    /// <exception cref="FairleadException">NotFound; PermissionDenied: there is one, and it may not be run.</exception>
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

            // A directory that this user may not look into has nothing for him.
            isForbidden |= error == Errno.EACCES && NativeFile.Stat(path) is not null;
        }

        throw isForbidden
            ? Failure(program, Errno.EACCES)
            : new FairleadException(ErrorCode.NotFound, $"there is no program '{program}' along PATH", "Install it, or give its path.")
            {
                Errno = (int)Errno.ENOENT,
            };
    }

    /// <summary>Whether there is one of that name.</summary>
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

    /// <summary>The error of a start that the kernel has refused.</summary>
    public static FairleadException Refused(string program, string? directory, Errno error)
    {
        if (directory is not null && DirectoryProblem(directory) is { } problem)
        {
            return problem;
        }

        return error switch
        {
            // The file itself was found.
            Errno.ENOENT => new FairleadException(
                ErrorCode.NotFound,
                $"{program} needs an interpreter or a loader that is not there",
                "Look at its first line, or at what file(1) says.")
            {
                Errno = (int)error,
            },
            Errno.ENOEXEC => new FairleadException(
                ErrorCode.NotSupported,
                $"{program} is no program that this machine can run",
                "A script begins with #! and its interpreter.")
            {
                Errno = (int)error,
            },
            Errno.E2BIG => new FairleadException(
                ErrorCode.TooLarge,
                "the arguments and the environment are longer than the kernel allows",
                "Give them through a file or a stream.")
            {
                Errno = (int)error,
            },
            Errno.EACCES => Failure(program, error),
            Errno.ETXTBSY => new FairleadException(ErrorCode.Unavailable, $"{program} is being written to", "Start it when it is whole.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"{program} cannot be started", error),
        };
    }

    /// <summary>Why a program cannot run there, or null.</summary>
    public static FairleadException? DirectoryProblem(string directory)
    {
        FileStatus? status = NativeFile.Stat(directory, out Errno error);
        return status is null ? ErrnoMap.Failure($"the directory {directory} cannot be entered", error)
            : status.Kind != FileKind.Directory
                ? new FairleadException(ErrorCode.NotFound, $"{directory} is no directory") { Errno = (int)Errno.ENOTDIR }
            : null;
    }

    private static FairleadException Failure(string program, Errno error) =>
        error switch
        {
            Errno.EISDIR => new FairleadException(ErrorCode.NotFound, $"{program} is a directory, no program") { Errno = (int)error },
            Errno.EACCES => new FairleadException(
                ErrorCode.PermissionDenied, $"{program} may not be run by this user", "See its mode: chmod +x.")
            {
                Errno = (int)error,
            },
            _ => ErrnoMap.Failure($"there is no program {program}", error),
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
