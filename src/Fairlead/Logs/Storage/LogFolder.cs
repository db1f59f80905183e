using System.Buffers;
using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>The folder of a log, and its location.</summary>
internal static class LogFolder
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Returns the folder for an address.</summary>
    /// <exception cref="FairleadException">The directory of the user's logs cannot be used.</exception>
    public static string PathOf(Address address) => address.IsPath ? address.Place : $"{StateDirectory.Prepare()}/{address.Place}";

    /// <summary>Creates the folder if it does not exist, and checks that it holds only a log and belongs to a trusted user.</summary>
    public static void Prepare(string folder, bool mayMake)
    {
        if (NativeFile.Lstat(folder, out Errno error) is null && error == Errno.ENOENT && mayMake)
        {
            error = NativeFile.Mkdir(folder, PrivateFolder.Mode);
            if (error is not (Errno.None or Errno.EEXIST))
            {
                throw error == Errno.ENOENT
                    ? new FairleadException(
                        ErrorCode.NotFound,
                        $"the parent directory of the log {PlainText.OneLine(folder)} does not exist",
                        "Create it first.")
                    : ErrnoMap.Failure($"the log {PlainText.OneLine(folder)} cannot be created", error);
            }
        }

        // Also after creating it: another process may have been faster.
        Require(folder);

        // The folder must hold a log or nothing. Fairlead creates nothing in a folder with anything else in it. Files that have come since
        // the first check may be those of another process that creates the log.
        if (HoldsNoLog(folder)
            && HoldsOther(folder)
            && HoldsNoLog(folder))
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"the directory {PlainText.OneLine(folder)} holds other files than a log",
                "Choose another path: a log needs a separate directory.");
        }
    }

    /// <summary>Returns whether the directory above a folder exists.</summary>
    public static bool HasParent(string folder) => Path.GetDirectoryName(folder) is { } parent && IsDirectory(parent);

    /// <summary>Throws unless the path is a directory of a trusted user; a symbolic link does not count.</summary>
    public static void Require(string folder)
    {
        FileStatus status = NativeFile.Lstat(folder, out Errno error)
            ?? throw (error is Errno.ENOENT or Errno.ENOTDIR ? NotFound(folder) : CannotAccess(folder, error));
        if (status.Kind != FileKind.Directory)
        {
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"{PlainText.OneLine(folder)} is not the folder of a log",
                "Fairlead never replaces what it did not create: choose another path, or remove it yourself.");
        }

        LogFile.RequireTrusted(status, $"the log {PlainText.OneLine(folder)}");
    }

    /// <summary>Returns whether a path is a directory, following links.</summary>
    /// <exception cref="FairleadException">The system refuses to say.</exception>
    public static bool IsDirectory(string path) =>
        NativeFile.Stat(path, out Errno error) is { } status ? status.Kind == FileKind.Directory
        : error is Errno.ENOENT or Errno.ENOTDIR ? false
        : throw CannotAccess(path, error);

    /// <summary>Returns the paths of the folders in a directory.</summary>
    /// <exception cref="FairleadException">It cannot be read.</exception>
    public static IReadOnlyList<string> Folders(string directory)
    {
        try
        {
            return Directory.GetDirectories(directory);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            throw CannotAccess(directory, Errno.EACCES);
        }
    }

    public static FairleadException NotFound(string folder) =>
        new(ErrorCode.NotFound, $"the log {PlainText.OneLine(folder)} does not exist", "Append a record to create it, or check the path.");

    /// <summary>Returns the number of the oldest segment; 0: none.</summary>
    public static long First(string folder) => Ordinals(folder) is [var first, ..] ? first : 0;

    /// <summary>Returns the numbers of the segments, in order; none if the folder has been removed.</summary>
    /// <exception cref="FairleadException">PermissionDenied: this user may not read the folder. Unavailable: the system cannot.</exception>
    public static IReadOnlyList<long> Ordinals(string folder)
    {
        List<long> ordinals = [];
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, "*" + LogLayout.SegmentSuffix))
            {
                if (TryGetOrdinal(Path.GetFileName(path.AsSpan()), out long ordinal))
                {
                    ordinals.Add(ordinal);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            throw ErrnoMap.Failure($"the log {PlainText.OneLine(folder)} cannot be read", Errno.EACCES);
        }
        catch (IOException error)
        {
            throw new FairleadException(
                ErrorCode.Unavailable,
                $"the log {PlainText.OneLine(folder)} cannot be read ({PlainText.OneLine(error.Message)})",
                "Check the folder, and how many files this process has open.",
                error);
        }

        ordinals.Sort();
        return ordinals;
    }

    /// <summary>Returns the files that a process left when it died while creating a segment or the control file.</summary>
    public static IEnumerable<string> Unfinished(string folder) =>
        Directory.EnumerateFiles(folder, "*~*").Where(static path => IsUnfinished(Path.GetFileName(path.AsSpan())));

    private static FairleadException CannotAccess(string path, Errno error) =>
        ErrnoMap.Failure($"{PlainText.OneLine(path)} cannot be accessed", error);

    private static bool HoldsNoLog(string folder) =>
        NativeFile.Lstat($"{folder}/{LogLayout.ControlName}") is null && Ordinals(folder).Count == 0;

    /// <exception cref="FairleadException">NotFound: another process has removed the folder.</exception>
    private static bool HoldsOther(string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(folder).Any(static path => !IsUnfinished(Path.GetFileName(path.AsSpan())));
        }
        catch (DirectoryNotFoundException)
        {
            throw NotFound(folder);
        }
    }

    // Exactly the names that LogSegment.TryMake and LogControl.Open use for files in progress: any other file is not Fairlead's.
    private static bool IsUnfinished(ReadOnlySpan<char> name)
    {
        int tilde = name.IndexOf('~');
        if (tilde < 0)
        {
            return false;
        }

        ReadOnlySpan<char> behind = name[(tilde + 1)..];
        return behind.IsEmpty ? TryGetOrdinal(name[..tilde], out _)
            : name[..tilde].SequenceEqual(LogLayout.ControlName) && behind.Length == 32 && !behind.ContainsAnyExcept(HexDigits);
    }

    private static bool TryGetOrdinal(ReadOnlySpan<char> name, out long ordinal)
    {
        ordinal = 0;
        return name.EndsWith(LogLayout.SegmentSuffix)
            && long.TryParse(name[..^LogLayout.SegmentSuffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out ordinal)
            && ordinal > 0 && name.SequenceEqual(LogSegment.NameOf(ordinal));
    }
}
