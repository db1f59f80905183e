using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Memory.Backing;

/// <summary>
/// Files that are mapped: made whole before they have a name, so that nobody ever opens a half of one and a maker that dies leaves nothing.
/// </summary>
internal static class RegionFile
{
    /// <summary>
    /// Makes a file and gives it its name as the last step. Null when the name is taken by then.
    /// </summary>
    /// <param name="path">Its name, absolute or not.</param>
    /// <param name="length">In bytes, allocated.</param>
    /// <param name="mode">Its permissions, whatever the umask.</param>
    /// <param name="who">How it is named in errors.</param>
    /// <param name="fill">Writes what must stand in it before it has its name; null: nothing.</param>
    /// <param name="beside">
    /// Another name in the same directory, for file systems that have no files without one. The caller holds the lock of the directory,
    /// under which the next one removes what a dead maker has left; null: none, the file then appears at its name first, empty.
    /// </param>
    public static Descriptor? TryMake(
        string path, long length, uint mode, string who, Func<Descriptor, Errno>? fill = null, string? beside = null)
    {
        var slash = path.LastIndexOf('/');
        var folder = slash < 0 ? "." : slash == 0 ? "/" : path[..slash];
        var file = NativeFile.Open(folder, OpenFlags.ReadWrite | OpenFlags.Unnamed, mode, out var error);
        if (file is not null)
        {
            return Complete(file, path, length, mode, who, fill, temporary: null);
        }

        if (error is not (Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL))
        {
            throw CannotMake(who, error);
        }

        return TryMakeNamed(path, length, mode, who, fill, beside);
    }

    /// <summary>The same where there are no files without a name.</summary>
    internal static Descriptor? TryMakeNamed(string path, long length, uint mode, string who, Func<Descriptor, Errno>? fill, string? beside)
    {
        var file = NativeFile.Open(
            beside ?? path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, mode, out var error);
        return file is not null ? Complete(file, path, length, mode, who, fill, beside ?? path)
            : error == Errno.EEXIST && beside is null ? null
            : throw CannotMake(who, error);
    }

    /// <summary>Takes the space for a file.</summary>
    /// <exception cref="FairleadException">Full: there is not enough; it says how much is needed and how much is free.</exception>
    public static void Allocate(Descriptor file, long length, string who)
    {
        var error = FileSpace.Allocate(file, length);
        if (error == Errno.None)
        {
            return;
        }

        if (error is Errno.ENOSPC or Errno.EDQUOT && FileSpace.Free(file) is { } free)
        {
            throw new FairleadException(
                ErrorCode.Full,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"there is no room for {who}: {length} bytes are needed, {free} are free where it lies ({ErrnoMap.Describe(error)})"),
                "Remove what is not used any more, or choose a smaller size.")
            {
                Errno = (int)error,
            };
        }

        throw ErrnoMap.Failure(string.Create(CultureInfo.InvariantCulture, $"cannot allocate the {length} bytes of {who}"), error);
    }

    /// <summary>Opens what stands at a path for reading and writing, if it is a file. Null when nothing is there.</summary>
    public static Descriptor? TryOpen(string path, OpenFlags flags, string who)
    {
        // Looked at first: opening a FIFO or a device does something.
        var follow = (flags & OpenFlags.NoFollow) == 0;
        if ((follow ? NativeFile.Stat(path, out var error) : NativeFile.Lstat(path, out error)) is not { } status)
        {
            return error == Errno.ENOENT ? null : throw ErrnoMap.Failure($"{who} cannot be looked at", error);
        }

        RequireFile(status, who);
        var file = NativeFile.Open(path, OpenFlags.ReadWrite | flags, out error);
        if (file is null)
        {
            return error == Errno.ENOENT ? null : throw ErrnoMap.Failure($"{who} cannot be opened", error);
        }

        try
        {
            RequireFile(NativeFile.Fstat(file) ?? status, who);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Descriptor? Complete(
        Descriptor file, string path, long length, uint mode, string who, Func<Descriptor, Errno>? fill, string? temporary)
    {
        var made = false;
        try
        {
            // The umask may have taken rights that were asked for by name.
            _ = NativeFile.Fchmod(file, mode);
            Allocate(file, length, who);
            var error = fill?.Invoke(file) ?? Errno.None;
            if (error != Errno.None)
            {
                throw CannotMake(who, error);
            }

            error = temporary is null ? NativeFile.LinkUnnamed(file, path)
                : temporary == path ? Errno.None
                : NativeFile.Link(temporary, path);
            made = error == Errno.None;
            return made ? file : error == Errno.EEXIST ? null : throw CannotMake(who, error);
        }
        finally
        {
            if (temporary is not null
                && (temporary != path || !made)
                && NativeFile.Fstat(file) is { } mine
                && FileIdentity.At(temporary) == FileIdentity.Of(mine))
            {
                _ = NativeFile.Unlink(temporary);
            }

            if (!made)
            {
                file.Dispose();
            }
        }
    }

    private static void RequireFile(FileStatus status, string who)
    {
        if (status.Kind == FileKind.Regular)
        {
            return;
        }

        var kind = status.Kind switch
        {
            FileKind.Directory => "a directory",
            FileKind.Symlink => "a symbolic link",
            FileKind.Fifo => "a FIFO",
            FileKind.Socket => "a socket",
            _ => "no regular file",
        };
        throw new FairleadException(
            ErrorCode.AlreadyExists,
            $"{who} is {kind}",
            "Fairlead never replaces what it did not make: choose another name, or remove it yourself.");
    }

    private static FairleadException CannotMake(string who, Errno error) => ErrnoMap.Failure($"cannot make {who}", error);
}
