using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.Memory.Backing;

/// <summary>
/// Creates and opens mapped files. A file is complete before it gets its name: no process ever opens half a file, and a creator that dies
/// leaves nothing.
/// </summary>
internal static class RegionFile
{
    /// <summary>Creates a file and gives it its name as the last step. Null if the name is taken by then.</summary>
    /// <param name="path">Its path, absolute or not.</param>
    /// <param name="length">Its length in bytes; the space is allocated.</param>
    /// <param name="mode">Its permissions, whatever the umask.</param>
    /// <param name="who">Its description in errors.</param>
    /// <param name="fill">Writes its initial content before it gets its name; null: none.</param>
    /// <param name="beside">
    /// A temporary name in the same directory, for file systems without unnamed files. The caller holds the lock of the directory, under
    /// which the next creator removes the leftovers of a dead one. Null: none; on such file systems the file then appears empty first.
    /// </param>
    public static Descriptor? TryMake(
        string path, long length, uint mode, string who, Func<Descriptor, Errno>? fill = null, string? beside = null)
    {
        var slash = path.LastIndexOf('/');
        var folder = slash < 0 ? "." : slash == 0 ? "/" : path[..slash];

        // An unnamed file gets its name through /proc.
        var error = Errno.EOPNOTSUPP;
        var file = ProcFiles.AreMounted ? NativeFile.Open(folder, OpenFlags.ReadWrite | OpenFlags.Unnamed, mode, out error) : null;
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

    /// <summary>Same as <see cref="TryMake"/>, on file systems without unnamed files.</summary>
    internal static Descriptor? TryMakeNamed(string path, long length, uint mode, string who, Func<Descriptor, Errno>? fill, string? beside)
    {
        var file = NativeFile.Open(
            beside ?? path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, mode, out var error);
        return file is not null ? Complete(file, path, length, mode, who, fill, beside ?? path)
            : error == Errno.EEXIST && beside is null ? null
            : throw CannotMake(who, error);
    }

    /// <summary>Allocates the space of a file.</summary>
    /// <exception cref="FairleadException">Full: not enough space; the message says how much is needed and how much is free.</exception>
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
                    $"not enough space for {who}: {length} bytes are needed, {free} are free there ({ErrnoMap.Describe(error)})"),
                "Remove unused files, or choose a smaller size.")
            {
                Errno = (int)error,
            };
        }

        throw ErrnoMap.Failure(string.Create(CultureInfo.InvariantCulture, $"cannot allocate the {length} bytes of {who}"), error);
    }

    /// <summary>Opens a regular file for reading, and for writing if that is asked for. Null if nothing has the path.</summary>
    public static Descriptor? TryOpen(string path, OpenFlags flags, string who, bool writable = true)
    {
        // Check the kind first: opening a FIFO or a device has side effects.
        var follow = (flags & OpenFlags.NoFollow) == 0;
        if ((follow ? NativeFile.Stat(path, out var error) : NativeFile.Lstat(path, out error)) is not { } status)
        {
            return error == Errno.ENOENT ? null : throw ErrnoMap.Failure($"{who} cannot be accessed", error);
        }

        RequireFile(status, who);
        var file = NativeFile.Open(path, (writable ? OpenFlags.ReadWrite : OpenFlags.ReadOnly) | flags, out error);
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
            // The umask may have removed requested permissions.
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
            _ => "not a regular file",
        };
        throw new FairleadException(
            ErrorCode.AlreadyExists,
            $"{who} is {kind}",
            "Fairlead never replaces what it did not create: choose another name, or remove it yourself.");
    }

    private static FairleadException CannotMake(string who, Errno error) => ErrnoMap.Failure($"cannot create {who}", error);
}
