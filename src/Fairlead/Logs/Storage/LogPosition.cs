using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>
/// The named position of a follower: a small file with the number of the record to be read next, locked as long as somebody follows under
/// the name.
/// </summary>
internal sealed class LogPosition : IDisposable
{
    private readonly Descriptor _file;

    private LogPosition(string name, Descriptor file, bool isNew, long next)
    {
        Name = name;
        _file = file;
        IsNew = isNew;
        Next = next;
    }

    public string Name { get; }

    /// <summary>Whether nothing has been committed under the name yet.</summary>
    public bool IsNew { get; private set; }

    /// <summary>The number of the record to be read next, as it was last committed.</summary>
    public long Next { get; private set; }

    /// <summary>Opens the position of a name, or makes it, for this follower alone.</summary>
    /// <exception cref="FairleadException">AlreadyExists: another follower has it; the error names its process.</exception>
    public static LogPosition Open(string folder, string name)
    {
        string positions = $"{folder}/{LogLayout.PositionFolder}";
        Errno error = NativeFile.Mkdir(positions, PrivateFolder.Mode);
        if (error is not (Errno.None or Errno.EEXIST))
        {
            throw ErrnoMap.Failure($"cannot make {positions}", error);
        }

        using Descriptor directory = TryOpenFolder(folder) ?? throw LogFolder.NotFound(folder);
        string who = $"the position '{name}' of the log {PlainText.OneLine(folder)}";
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow;
        Descriptor file = NativeFile.OpenAt(directory, name, Flags, RuntimeDirectory.PrivateFile, out error)
            ?? throw ErrnoMap.Failure($"cannot open {who}", error);
        file = LogFile.Judged(file, who);
        try
        {
            if (!OpenFileLock.TryLockWhole(file))
            {
                Peer? holder = HolderOf(directory, name);
                throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    $"{who} is held by {holder?.ToString() ?? "another process"}",
                    "One follows under a name at a time: choose another name, or end the other.")
                {
                    Peer = holder,
                };
            }

            Span<byte> page = stackalloc byte[LogLayout.PositionSize];
            page.Clear();
            bool isNew = file.ReadAt(page, 0).Count == 0;
            if (isNew)
            {
                LogLayout.PositionMagic.CopyTo(page);
                MemoryMarshal.Write(page[LogLayout.VersionAt..], LogLayout.Version);
                MemoryMarshal.Write(page[LogLayout.HeaderSizeAt..], (uint)LogLayout.PositionSize);
                IoResult written = file.WriteAt(page, 0);
                if (!written.Ok)
                {
                    throw ErrnoMap.Failure($"cannot make {who}", written.Error);
                }
            }
            else if (!page.StartsWith(LogLayout.PositionMagic))
            {
                throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    $"{who} is a file that Fairlead did not make",
                    "It is left alone: choose another name, or remove it yourself.");
            }
            else if (MemoryMarshal.Read<uint>(page[LogLayout.VersionAt..]) != LogLayout.Version
                || MemoryMarshal.Read<long>(page[LogLayout.NextAt..]) < 0)
            {
                throw new FairleadException(
                    ErrorCode.Corrupt, $"{who} is damaged, or of another version", "Remove it to begin anew under this name.");
            }

            long next = MemoryMarshal.Read<long>(page[LogLayout.NextAt..]);
            int process = NativeProcess.Id;
            _ = file.WriteAt(MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in process)), LogLayout.HolderAt);
            return new LogPosition(name, file, next == 0, next);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the number for whoever follows under the name next.</summary>
    public void Commit(long next)
    {
        IoResult written = _file.WriteAt(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in next)), LogLayout.NextAt);
        if (!written.Ok)
        {
            throw ErrnoMap.Failure($"cannot keep the position '{Name}'", written.Error);
        }

        (Next, IsNew) = (next, false);
    }

    public void Dispose()
    {
        OpenFileLock.Unlock(_file);
        _file.Dispose();
    }

    /// <summary>All positions of a log: name, number of the record to be read next (0: nothing committed), and who follows now.</summary>
    public static IEnumerable<(string Name, long Next, bool IsHeld, Peer? Holder)> All(string folder)
    {
        using Descriptor? directory = TryOpenFolder(folder);
        foreach (string name in directory is null ? [] : NamesIn(folder))
        {
            using Descriptor? file = NativeFile.OpenAt(directory!, name, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out _);
            if (file is not null && TryRead(file, out long next))
            {
                bool isHeld = OpenFileLock.IsLocked(file);
                yield return (name, next, isHeld, isHeld ? HolderOf(directory!, name) : null);
            }
        }
    }

    /// <summary>Removes a position that nobody follows under. False when there is none.</summary>
    /// <exception cref="FairleadException">AlreadyExists: somebody follows under it.</exception>
    public static bool Remove(string folder, string name)
    {
        string path = $"{folder}/{LogLayout.PositionFolder}/{name}";
        if (NativeFile.Lstat(path) is null)
        {
            return false;
        }

        Open(folder, name).Dispose();
        return NativeFile.Unlink(path) == Errno.None;
    }

    /// <summary>Behind a cut numbers are given out again: nobody may skip them. By who has the log alone.</summary>
    public static void MoveBack(string folder, long next)
    {
        using Descriptor? directory = TryOpenFolder(folder);
        foreach (string name in directory is null ? [] : NamesIn(folder))
        {
            using Descriptor? file = NativeFile.OpenAt(directory!, name, OpenFlags.ReadWrite | OpenFlags.NoFollow, 0, out _);
            if (file is not null && TryRead(file, out long has) && has > next)
            {
                _ = file.WriteAt(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in next)), LogLayout.NextAt);
            }
        }
    }

    /// <summary>Throws unless the text is a name.</summary>
    public static void RequireName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length is 0 or > 100
            || name is "." or ".."
            || name.Any(static c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-')))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{PlainText.OneLine(name)}' is no name: names are made of 1 to 100 letters, digits, '.', '_' and '-'."),
                nameof(name));
        }
    }

    // Everything in it is opened below this descriptor: the name may be given to something else at any time. Null: there is none.
    private static Descriptor? TryOpenFolder(string folder)
    {
        string path = $"{folder}/{LogLayout.PositionFolder}";
        string who = $"the folder {PlainText.OneLine(path)}";
        Descriptor? directory = NativeFile.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow, out Errno error);
        if (directory is null)
        {
            return error switch
            {
                Errno.ENOENT => null,
                Errno.ENOTDIR or Errno.ELOOP => throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    $"{who} is not a directory",
                    "Fairlead never replaces what it did not make: remove it yourself."),
                _ => throw ErrnoMap.Failure($"cannot open {who}", error),
            };
        }

        try
        {
            LogFile.RequireTrusted(NativeFile.Fstat(directory)!, who);
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    private static IEnumerable<string> NamesIn(string folder) =>
        Directory.GetFiles($"{folder}/{LogLayout.PositionFolder}").Select(static path => Path.GetFileName(path));

    private static bool TryRead(Descriptor file, out long next)
    {
        Span<byte> page = stackalloc byte[LogLayout.PositionSize];
        bool isPosition = file.ReadAt(page, 0).Count == page.Length && page.StartsWith(LogLayout.PositionMagic);
        next = isPosition ? MemoryMarshal.Read<long>(page[LogLayout.NextAt..]) : 0;
        return isPosition;
    }

    // For people: the lock says that a process is there, the number in the file which one it was when it took the lock.
    private static Peer? HolderOf(Descriptor directory, string name)
    {
        using Descriptor? file = NativeFile.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out _);
        Span<byte> page = stackalloc byte[LogLayout.PositionSize];
        return file is not null
            && file.ReadAt(page, 0).Count == page.Length
            && MemoryMarshal.Read<int>(page[LogLayout.HolderAt..]) is > 0 and var process
            ? new Peer { ProcessId = process, Program = NativeProcess.CommandLine(process) }
            : null;
    }
}
