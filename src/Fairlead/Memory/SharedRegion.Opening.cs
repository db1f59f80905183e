using System.Runtime.InteropServices;
using Fairlead.Memory.Backing;
using Fairlead.Native;

namespace Fairlead.Memory;

// Making, opening and removing, by what backs the memory.
public sealed partial class SharedRegion
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// Makes memory without a name, which goes with its last user, however that ends: nothing can be left behind. Its size is sealed.
    /// Another process of this user attaches it by <see cref="Path"/>, or by a descriptor that it was given.
    /// </summary>
    /// <param name="size">In bytes. Costs nothing until it is touched.</param>
    /// <exception cref="FairleadException">Unavailable: the system gives no descriptor or memory.</exception>
    public static SharedRegion Create(long size) => new(MemoryFileRegion.Create(Checked(size)));

    /// <summary>Attaches memory that another process has made by <see cref="Create"/>, by its <see cref="Path"/> there.</summary>
    /// <param name="path"><c>/proc/PID/fd/N</c>.</param>
    /// <exception cref="FairleadException">
    /// NotFound, PermissionDenied (another user's), or Incompatible or AlreadyExists: it is no such memory.
    /// </exception>
    public static SharedRegion Attach(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new SharedRegion(MemoryFileRegion.Attach(path));
    }

    /// <summary>
    /// Attaches memory that another process has made by <see cref="Create"/>, by a descriptor that was inherited or received.
    /// </summary>
    /// <param name="descriptor">Stays the caller's, and may be closed afterwards.</param>
    /// <exception cref="FairleadException">Incompatible or AlreadyExists: it is no such memory.</exception>
    public static SharedRegion Attach(SafeHandle descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        return new SharedRegion(MemoryFileRegion.Attach(descriptor));
    }

    /// <summary>
    /// Opens the region of a name, or makes it. It lies in the user's runtime directory, is the user's alone, and lasts until it is removed
    /// or the machine restarts. Of several that make it at once all get the same, and one that dies meanwhile leaves nothing.
    /// </summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>.</param>
    /// <param name="size">In bytes. Allocated at once, so that memory that has run out is an error here.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it exists with another size, layout version or as a cell. Full: there is no room, with how much is needed and how much
    /// is free. Corrupt: it has been cut or overwritten. AlreadyExists: a file that is no region has the name, and stays untouched.
    /// Unavailable: the lock of the directory is kept by somebody.
    /// </exception>
    public static SharedRegion Open(string name, long size) => new(NamedRegion.Open(name, Checked(size), RegionContent.Bytes));

    /// <summary>Opens the region of a name with the size that it has.</summary>
    /// <param name="name">As it was made.</param>
    /// <exception cref="FairleadException">NotFound: there is none; else as <see cref="Open(string, long)"/>.</exception>
    public static SharedRegion Open(string name) => new(NamedRegion.Open(name, RegionContent.Bytes));

    /// <summary>Whether a region, or a cell, has this name.</summary>
    /// <param name="name">Its name.</param>
    public static bool Exists(string name) => NamedRegion.Exists(name);

    /// <summary>
    /// Removes the name of a region or a cell. Who has it open keeps the memory until it is disposed; who opens the name afterwards gets
    /// another.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: a file that is no region has the name, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name);

    /// <summary>
    /// Opens a POSIX segment (<c>shm_open</c>), or makes it: for C programs, and for other users. Its first byte is the first of the
    /// region, without a header.
    /// </summary>
    /// <param name="name">As in C: <c>/counters</c>.</param>
    /// <param name="size">In bytes, allocated at once.</param>
    /// <param name="mode">Who else may use it, when it is made; the user alone unless asked for.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has another size. Full: there is no room, with how much is needed and how much is free. PermissionDenied: it is
    /// another user's.
    /// </exception>
    public static SharedRegion OpenPosix(string name, long size, UnixFileMode mode = OwnerOnly) =>
        new(ForeignRegion.OpenPosix(name, Checked(size), (uint)mode));

    /// <summary>Opens a POSIX segment with the size that it has.</summary>
    /// <param name="name">As in C: <c>/counters</c>.</param>
    /// <exception cref="FairleadException">
    /// NotFound: there is none; else as <see cref="OpenPosix(string, long, UnixFileMode)"/>.
    /// </exception>
    public static SharedRegion OpenPosix(string name) => new(ForeignRegion.OpenPosix(name, size: null, (uint)OwnerOnly));

    /// <summary>Removes the name of a POSIX segment (<c>shm_unlink</c>), whoever made it.</summary>
    /// <param name="name">As in C: <c>/counters</c>.</param>
    /// <returns>Whether the name existed.</returns>
    public static bool RemovePosix(string name) => ForeignRegion.RemovePosix(name);

    /// <summary>
    /// Maps a file, or makes it: memory that outlives the machine's restart as far as the file system has written it. Its first byte is the
    /// first of the region, without a header.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="size">In bytes, allocated at once.</param>
    /// <param name="mode">Who else may use it, when it is made; the user alone unless asked for.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has another size. Full: there is no room, with how much is needed and how much is free. AlreadyExists: something
    /// else stands there.
    /// </exception>
    public static SharedRegion OpenFile(string path, long size, UnixFileMode mode = OwnerOnly) =>
        new(ForeignRegion.OpenFile(path, Checked(size), (uint)mode));

    /// <summary>Maps a file with the size that it has.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FairleadException">NotFound: there is none; else as <see cref="OpenFile(string, long, UnixFileMode)"/>.</exception>
    public static SharedRegion OpenFile(string path) => new(ForeignRegion.OpenFile(path, size: null, (uint)OwnerOnly));

    /// <summary>
    /// Attaches the System V segment of a key (<c>shmget</c>, <c>shmat</c>), or makes it: for old C programs. Without a header. It lasts
    /// until it is removed or the machine restarts.
    /// </summary>
    /// <param name="key">As in C; not 0.</param>
    /// <param name="size">In bytes.</param>
    /// <param name="mode">Who else may use it, when it is made; the user alone unless asked for.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it has another size. Full: the system's limit of segments is reached. PermissionDenied: it is another user's.
    /// </exception>
    public static SharedRegion OpenSystemV(int key, long size, UnixFileMode mode = OwnerOnly) =>
        new(SystemVRegion.Open(key, Checked(size), (uint)mode));

    /// <summary>Attaches the System V segment of a key with the size that it has.</summary>
    /// <param name="key">As in C; not 0.</param>
    /// <exception cref="FairleadException">NotFound: there is none; else as <see cref="OpenSystemV(int, long, UnixFileMode)"/>.</exception>
    public static SharedRegion OpenSystemV(int key) => new(SystemVRegion.Open(key, size: null, (uint)OwnerOnly));

    /// <summary>Removes the System V segment of a key, whoever made it; the memory goes with its last user.</summary>
    /// <param name="key">As in C; not 0.</param>
    /// <returns>Whether the name existed.</returns>
    public static bool RemoveSystemV(int key) => SystemVRegion.Remove(key);

    /// <summary>What the kernel knows of the System V segment of a key, whoever made it: also where it may not be attached.</summary>
    /// <param name="key">As in C; not 0.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="FairleadException">Unavailable: the system does not show them.</exception>
    public static SystemVInfo? FindSystemV(int key) => SystemVRegion.Status(key) is { } status ? new SystemVInfo(status) : null;

    /// <summary>All System V segments of the machine, as <c>ipcs -m</c> shows them.</summary>
    /// <exception cref="FairleadException">Unavailable: the system does not show them.</exception>
    public static IReadOnlyList<SystemVInfo> SystemVSegments() => [.. SystemVRegion.All().Select(static status => new SystemVInfo(status))];

    private static long Checked(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, long.MaxValue - RegionLayout.HeaderSize);
        return size;
    }
}
