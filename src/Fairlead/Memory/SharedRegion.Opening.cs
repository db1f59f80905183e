using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;

namespace Fairlead.Memory;

// Creating, opening and removing, by the kind of memory.
public sealed partial class SharedRegion
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Creates unnamed memory, which disappears with its last user in any case: nothing is ever left behind. Its size is sealed. Another
    /// process of this user attaches it by <see cref="Path"/>, or by a descriptor that it was given.
    /// </summary>
    /// <param name="size">The size in bytes. Pages cost nothing until they are touched.</param>
    /// <exception cref="FairleadException">Unavailable: the system has no descriptor or memory left.</exception>
    public static SharedRegion Create(long size) => new(MemoryFileRegion.Create(Checked(size)));

    /// <summary>Attaches memory that another process created by <see cref="Create"/>, by its <see cref="Path"/> there.</summary>
    /// <param name="path"><c>/proc/PID/fd/N</c>.</param>
    /// <exception cref="FairleadException">
    /// NotFound; PermissionDenied: it belongs to another user; Incompatible or AlreadyExists: it is not such memory.
    /// </exception>
    public static SharedRegion Attach(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new SharedRegion(MemoryFileRegion.Attach(path));
    }

    /// <summary>Attaches memory that another process created by <see cref="Create"/>, by an inherited or received descriptor.</summary>
    /// <param name="descriptor">The descriptor. The caller keeps it, and may close it afterwards.</param>
    /// <exception cref="FairleadException">Incompatible or AlreadyExists: it is not such memory.</exception>
    public static SharedRegion Attach(SafeHandle descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return new SharedRegion(MemoryFileRegion.Attach(descriptor));
    }

    /// <summary>
    /// Opens a named region, or creates it. It is a file in the user's runtime directory that only this user may open. It lasts until it is
    /// removed or the machine restarts. Concurrent creators all get the same region, and one that dies during creation leaves nothing.
    /// </summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.</param>
    /// <param name="size">The size in bytes. The space is allocated immediately: a lack of memory is an error of this call.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with another size or layout version, or as a cell. Full: not enough space; the message says how much is
    /// needed and free. Corrupt: its file has been truncated or overwritten. AlreadyExists: the name belongs to a file that is not a
    /// region; it stays unchanged. Unavailable: another process keeps the lock of the directory.
    /// </exception>
    public static SharedRegion Open(string name, long size) => new(NamedRegion.Open(name, Checked(size), RegionContent.Bytes));

    /// <summary>Opens an existing named region with its size.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="FairleadException">NotFound: it does not exist. Otherwise as for <see cref="Open(string, long)"/>.</exception>
    public static SharedRegion Open(string name) => new(NamedRegion.Open(name, RegionContent.Bytes));

    /// <summary>Returns whether a region or cell with this name exists.</summary>
    /// <param name="name">Its name.</param>
    public static bool Exists(string name) => NamedRegion.Exists(name);

    /// <summary>
    /// Removes the name of a region or a cell. Processes that have it open keep the memory until they dispose it; the next one to open the
    /// name creates another.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to a file that is not a region. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name);

    /// <summary>
    /// Opens a POSIX segment (<c>shm_open</c>), or creates it: for C programs, and for other users. The region begins at its first byte,
    /// without a header.
    /// </summary>
    /// <param name="name">The name as in C: <c>/counters</c>.</param>
    /// <param name="size">The size in bytes; the space is allocated immediately.</param>
    /// <param name="mode">The permissions of a new segment; by default only for this user.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has another size. Full: not enough space; the message says how much is needed and free. PermissionDenied: it
    /// belongs to another user.
    /// </exception>
    public static SharedRegion OpenPosix(string name, long size, UnixFileMode mode = OwnerOnly) =>
        new(ForeignRegion.OpenPosix(name, Checked(size), (uint)mode));

    /// <summary>Opens an existing POSIX segment with its size.</summary>
    /// <param name="name">The name as in C: <c>/counters</c>.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist. Otherwise as for <see cref="OpenPosix(string, long, UnixFileMode)"/>.
    /// </exception>
    public static SharedRegion OpenPosix(string name) => new(ForeignRegion.OpenPosix(name, size: null, (uint)OwnerOnly));

    /// <summary>Removes the name of a POSIX segment (<c>shm_unlink</c>), whichever program created it.</summary>
    /// <param name="name">The name as in C: <c>/counters</c>.</param>
    /// <returns>Whether the name existed.</returns>
    public static bool RemovePosix(string name) => ForeignRegion.RemovePosix(name);

    /// <summary>
    /// Maps a file, or creates it: memory that survives a restart of the machine, to the extent that the file system has written it. The
    /// region begins at its first byte, without a header.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="size">The size in bytes; the space is allocated immediately.</param>
    /// <param name="mode">The permissions of a new file; by default only for this user.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has another size. Full: not enough space; the message says how much is needed and free. AlreadyExists: the path
    /// belongs to something that is not a file.
    /// </exception>
    public static SharedRegion OpenFile(string path, long size, UnixFileMode mode = OwnerOnly) =>
        new(ForeignRegion.OpenFile(path, Checked(size), (uint)mode));

    /// <summary>Maps an existing file with its size.</summary>
    /// <param name="path">The path of the file.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist. Otherwise as for <see cref="OpenFile(string, long, UnixFileMode)"/>.
    /// </exception>
    public static SharedRegion OpenFile(string path) => new(ForeignRegion.OpenFile(path, size: null, (uint)OwnerOnly));

    /// <summary>
    /// Attaches a System V segment by key (<c>shmget</c>, <c>shmat</c>), or creates it: for old C programs. It has no header. It lasts
    /// until it is removed or the machine restarts.
    /// </summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <param name="size">The size in bytes.</param>
    /// <param name="mode">The permissions of a new segment; by default only for this user.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has another size. Full: the system's limit of segments is reached. PermissionDenied: it belongs to another user.
    /// </exception>
    public static SharedRegion OpenSystemV(int key, long size, UnixFileMode mode = OwnerOnly) =>
        new(SystemVRegion.Open(key, Checked(size), (uint)mode));

    /// <summary>Attaches an existing System V segment with its size.</summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it does not exist. Otherwise as for <see cref="OpenSystemV(int, long, UnixFileMode)"/>.
    /// </exception>
    public static SharedRegion OpenSystemV(int key) => new(SystemVRegion.Open(key, size: null, (uint)OwnerOnly));

    /// <summary>Removes a System V segment, whichever program created it; the memory disappears with its last user.</summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <returns>Whether the segment existed.</returns>
    public static bool RemoveSystemV(int key) => SystemVRegion.Remove(key);

    /// <summary>Returns what the kernel knows about a System V segment, even one that this user may not attach.</summary>
    /// <param name="key">The key as in C; not 0.</param>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="FairleadException">Unavailable: the system does not list the segments.</exception>
    public static SystemVInfo? FindSystemV(int key) => SystemVRegion.Status(key) is { } status ? new SystemVInfo(status) : null;

    /// <summary>Returns all System V segments of the machine, as <c>ipcs -m</c> lists them.</summary>
    /// <exception cref="FairleadException">Unavailable: the system does not list the segments.</exception>
    public static IReadOnlyList<SystemVInfo> SystemVSegments() => [.. SystemVRegion.All().Select(static status => new SystemVInfo(status))];

    private static long Checked(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, long.MaxValue - RegionLayout.HeaderSize);
        return size;
    }
}
