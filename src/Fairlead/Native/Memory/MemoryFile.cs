using Fairlead.Native.Files;

namespace Fairlead.Native.Memory;

/// <summary>
/// Memory in an unnamed file, which disappears with its last user: nothing is ever left behind. Its size is sealed, and touching it cannot
/// end a process.
/// </summary>
internal static unsafe class MemoryFile
{
    private const int Seals = Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW | Libc.F_SEAL_SEAL;

    /// <summary>
    /// Creates zeroed memory of a size in bytes. Pages cost nothing until they are touched. <c>/proc</c> shows <paramref name="name"/>.
    /// </summary>
    /// <exception cref="FairleadException">The system has no descriptor or memory left.</exception>
    public static Descriptor Create(string name, long size) => Create(name, size, Seals);

    /// <summary>
    /// Same, for memory that only its creator writes: call <see cref="SealAgainstWriters"/> after mapping it here, and before another
    /// process has the file.
    /// </summary>
    /// <exception cref="FairleadException">The system has no descriptor or memory left.</exception>
    public static Descriptor CreateForReaders(string name, long size) => Create(name, size, Libc.F_SEAL_SHRINK | Libc.F_SEAL_GROW);

    /// <summary>Prevents all further writes to the file and mappings for writing; existing mappings stay as they are.</summary>
    /// <exception cref="FairleadException">The system refuses.</exception>
    public static void SealAgainstWriters(Descriptor file)
    {
        ObjectDisposedException.ThrowIf(!file.TryEnter(), file);
        int result = Libc.Control(file.Number, Libc.F_ADD_SEALS, Libc.F_SEAL_FUTURE_WRITE | Libc.F_SEAL_SEAL);
        Errno error = result == 0 ? Errno.None : Libc.LastError;
        file.Exit();
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("cannot seal shared memory", error);
        }
    }

    private static Descriptor Create(string name, long size, int seals)
    {
        int number = Libc.CreateMemoryFile(name, Libc.MFD_CLOEXEC | Libc.MFD_ALLOW_SEALING);
        if (number < 0)
        {
            throw ErrnoMap.Failure("cannot create shared memory", Libc.LastError);
        }

        Descriptor file = new(number);
        Errno error = NativeFile.SetLength(file, size);
        if (error != Errno.None || (error = Libc.Control(number, Libc.F_ADD_SEALS, seals) == 0 ? Errno.None : Libc.LastError) != Errno.None)
        {
            file.Dispose();
            throw ErrnoMap.Failure($"cannot size shared memory of {size} bytes", error);
        }

        return file;
    }

    /// <summary>
    /// Returns whether the file is memory of at least this size that no process can truncate. Huge pages do not count: they may be missing
    /// when they are touched.
    /// </summary>
    public static bool IsSafe(Descriptor file, long size)
    {
        if (!file.TryEnter())
        {
            return false;
        }

        Libc.FileSystem system;
        bool isSafe = Libc.Control(file.Number, Libc.F_GET_SEALS, 0) is var seals and >= 0 && (seals & Libc.F_SEAL_SHRINK) != 0
            && Libc.FileSystemStatus(file.Number, &system) == 0 && system.Type == Libc.TMPFS_MAGIC;
        file.Exit();
        return isSafe && NativeFile.Fstat(file) is { } status && status.Size >= size;
    }
}
