using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>The folder of a log, and where it lies.</summary>
internal static class LogFolder
{
    /// <summary>Where the log of an address lies.</summary>
    /// <exception cref="FairleadException">The directory of the user's logs cannot be used.</exception>
    public static string PathOf(Address address) => address.IsPath ? address.Place : $"{StateDirectory.Prepare()}/{address.Place}";

    /// <summary>Makes the folder where it is missing, and sees that it is a log's.</summary>
    public static void Prepare(string folder, bool mayMake)
    {
        if (NativeFile.Lstat(folder, out Errno error) is not { } status)
        {
            if (error != Errno.ENOENT || !mayMake)
            {
                throw error is Errno.ENOENT or Errno.ENOTDIR ? NotFound(folder) : ErrnoMap.Failure($"{folder} cannot be looked at", error);
            }

            error = NativeFile.Mkdir(folder, PrivateFolder.Mode);
            if (error is not (Errno.None or Errno.EEXIST))
            {
                throw error == Errno.ENOENT
                    ? new FairleadException(ErrorCode.NotFound, $"there is no directory for the log {PlainText.OneLine(folder)}", "Make the one above it first.")
                    : ErrnoMap.Failure($"the log {PlainText.OneLine(folder)} cannot be made", error);
            }

            return;
        }

        if (status.Kind != FileKind.Directory)
        {
            throw new FairleadException(ErrorCode.AlreadyExists, $"{PlainText.OneLine(folder)} is not the folder of a log", "Fairlead never replaces what it did not make: choose another place, or remove it yourself.");
        }

        // Ours, or empty; in somebody else's folder nothing is made.
        if (NativeFile.Lstat($"{folder}/{LogLayout.ControlName}") is null && Ordinals(folder).Count == 0 && Directory.EnumerateFileSystemEntries(folder).Any(static path => !Path.GetFileName(path).Contains('~')))
        {
            throw new FairleadException(ErrorCode.AlreadyExists, $"the directory {PlainText.OneLine(folder)} holds other things than a log", "Choose another place: a log has a directory of its own.");
        }
    }

    public static FairleadException NotFound(string folder) => new(ErrorCode.NotFound, $"there is no log {PlainText.OneLine(folder)}", "Append something, or look where it lies.");

    /// <summary>The oldest segment that there is; 0: none.</summary>
    public static long First(string folder) => Ordinals(folder) is [var first, ..] ? first : 0;

    /// <summary>The segments that there are, in order.</summary>
    public static IReadOnlyList<long> Ordinals(string folder)
    {
        List<long> ordinals = [];
        foreach (string path in Directory.EnumerateFiles(folder, "*" + LogLayout.SegmentSuffix))
        {
            ReadOnlySpan<char> name = path.AsSpan(folder.Length + 1, path.Length - folder.Length - 1 - LogLayout.SegmentSuffix.Length);
            if (long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out long ordinal) && ordinal > 0 && path.EndsWith("/" + LogSegment.NameOf(ordinal), StringComparison.Ordinal))
            {
                ordinals.Add(ordinal);
            }
        }

        ordinals.Sort();
        return ordinals;
    }
}
