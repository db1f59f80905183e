using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.Logs.Storage;

/// <summary>
/// The named position of a follower: a small file with the number of the next record to read, locked while a process follows under the
/// name.
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

    /// <summary>Whether no position has been saved under the name yet.</summary>
    public bool IsNew { get; private set; }

    /// <summary>The number of the next record to read, as last saved.</summary>
    public long Next { get; private set; }

    /// <summary>Opens a named position, or creates it, and locks it for this follower.</summary>
    /// <exception cref="FairleadException">AlreadyExists: another follower has it; the message names its process.</exception>
    public static LogPosition Open(string folder, string name)
    {
        while (true)
        {
            if (TryOpen(folder, name) is { } position)
            {
                return position;
            }
        }
    }

    // Null: the name was removed between opening its file and locking it. Then the lock keeps no other follower out.
    private static LogPosition? TryOpen(string folder, string name)
    {
        string positions = $"{folder}/{LogLayout.PositionFolder}";
        Errno error = NativeFile.Mkdir(positions, PrivateFolder.Mode);
        if (error is not (Errno.None or Errno.EEXIST))
        {
            throw ErrnoMap.Failure($"cannot create {positions}", error);
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
                    "A name has one follower at a time: choose another name, or end that process.")
                {
                    Peer = holder,
                };
            }

            if (FileIdentity.At($"{positions}/{name}") != FileIdentity.Of(LogFile.StatusOf(file, who)))
            {
                file.Dispose();
                return null;
            }

            Span<byte> page = stackalloc byte[LogLayout.PositionSize];
            page.Clear();

            // Zeroes: a crash of the machine has left its name and its length.
            bool isNew = file.ReadAt(page, 0).Ok && !page.ContainsAnyExcept((byte)0);
            if (isNew)
            {
                LogLayout.PositionMagic.CopyTo(page);
                MemoryMarshal.Write(page[LogLayout.VersionAt..], LogLayout.Version);
                MemoryMarshal.Write(page[LogLayout.HeaderSizeAt..], (uint)LogLayout.PositionSize);
                IoResult written = file.WriteAt(page, 0);
                if (!written.Ok)
                {
                    throw ErrnoMap.Failure($"cannot create {who}", written.Error);
                }
            }
            else if (!page.StartsWith(LogLayout.PositionMagic))
            {
                throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    $"{who} is a file that Fairlead did not create",
                    "Fairlead does not replace it: choose another name, or remove it yourself.");
            }
            else if (MemoryMarshal.Read<uint>(page[LogLayout.VersionAt..]) != LogLayout.Version
                || MemoryMarshal.Read<long>(page[LogLayout.NextAt..]) < 0)
            {
                throw new FairleadException(
                    ErrorCode.Corrupt, $"{who} is damaged, or of another version", "Remove it to start anew under this name.");
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

    /// <summary>Saves the number for the next follower of the name.</summary>
    public void Commit(long next)
    {
        IoResult written = _file.WriteAt(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in next)), LogLayout.NextAt);
        if (!written.Ok)
        {
            throw ErrnoMap.Failure($"cannot save the position '{Name}'", written.Error);
        }

        (Next, IsNew) = (next, false);
    }

    public void Dispose()
    {
        OpenFileLock.Unlock(_file);
        _file.Dispose();
    }

    /// <summary>Returns all positions of a log: name, number of the next record (0: none saved), and current follower.</summary>
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

    /// <summary>Removes a position without a follower. False if it does not exist.</summary>
    /// <exception cref="FairleadException">AlreadyExists: a process follows under it.</exception>
    public static bool Remove(string folder, string name)
    {
        string path = $"{folder}/{LogLayout.PositionFolder}/{name}";
        if (NativeFile.Lstat(path) is null)
        {
            return false;
        }

        // Its lock keeps followers out until the name is gone.
        using LogPosition removed = Open(folder, name);
        return NativeFile.Unlink(path) == Errno.None;
    }

    /// <summary>
    /// Moves positions back after a truncation: its numbers are used again, and no follower may skip them. The caller has the log
    /// exclusively.
    /// </summary>
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

    /// <summary>Throws unless the text is a valid name.</summary>
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
                    $"'{PlainText.OneLine(name)}' is not a valid name: use 1 to 100 letters, digits, '.', '_' and '-'."),
                nameof(name));
        }
    }

    // Everything in the folder is opened relative to this descriptor, because the path may refer to something else at any time. Null: none.
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
                    "Fairlead never replaces what it did not create: remove it yourself."),
                _ => throw ErrnoMap.Failure($"cannot open {who}", error),
            };
        }

        try
        {
            LogFile.RequireTrusted(LogFile.StatusOf(directory, who), who);
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

    // For people: the number in the file shows which process took the lock. In another pid namespace, or after its end, it means nothing
    // here, and the process that holds the lock is sought.
    private static Peer? HolderOf(Descriptor directory, string name)
    {
        using Descriptor? file = NativeFile.OpenAt(directory, name, OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out _);
        Span<byte> page = stackalloc byte[LogLayout.PositionSize];
        return file is not null
            && file.ReadAt(page, 0).Count == page.Length
            && NativeFile.Fstat(file) is { } status
            && FileLockHolder.Find(FileIdentity.Of(status), MemoryMarshal.Read<int>(page[LogLayout.HolderAt..])) is { } process
            ? new Peer { ProcessId = process, Program = NativeProcess.CommandLine(process) }
            : null;
    }
}
