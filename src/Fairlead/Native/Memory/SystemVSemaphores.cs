using System.Globalization;
using System.Runtime.InteropServices;

namespace Fairlead.Native.Memory;

/// <summary>The kernel's sets of System V semaphores: names, numbers and layouts as in its headers. Failures are results.</summary>
internal static unsafe partial class SystemVSemaphores
{
    /// <summary>SEMVMX and SEMAEM: the largest value, and the largest sum that the kernel returns for a dead process.</summary>
    public const int Most = 32767;

    private const string Table = "/proc/sysvipc/sem";

    // key semid perms nsems uid gid cuid cgid otime ctime
    private const int Columns = 10;

    private const short IPC_NOWAIT = 0x800;
    private const short SEM_UNDO = 0x1000;
    private const int GETPID = 11;
    private const int GETVAL = 12;
    private const int GETNCNT = 14;

    /// <summary>Finds the set with this key and more than <paramref name="number"/> semaphores; null on failure.</summary>
    /// <param name="key">The key.</param>
    /// <param name="number">The number of the semaphore in the set.</param>
    /// <param name="error">ENOENT: there is none; EINVAL: it has fewer semaphores.</param>
    public static int? Find(int key, int number, out Errno error) => Get(key, number + 1, 0, out error);

    /// <summary>Creates a set of one semaphore with the value zero; null on failure. EEXIST: the key is taken.</summary>
    public static int? Make(int key, uint mode, out Errno error) => Get(key, 1, Libc.IPC_CREAT | Libc.IPC_EXCL | (int)mode, out error);

    /// <summary>Removes the set; waiting calls fail with EIDRM.</summary>
    public static Errno Remove(int id) => Control(id, 0, Libc.IPC_RMID, 0) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Returns the value; negative on failure.</summary>
    public static int Value(int id, int number, out Errno error) => Read(id, number, GETVAL, out error);

    /// <summary>Returns how many calls sleep until the value is larger; negative on failure.</summary>
    public static int Waiting(int id, int number, out Errno error) => Read(id, number, GETNCNT, out error);

    /// <summary>Returns the process that changed the value last; 0: none, or in another pid namespace; negative on failure.</summary>
    public static int LastProcess(int id, int number, out Errno error) => Read(id, number, GETPID, out error);

    /// <summary>Returns when a program last changed a value of the set by <c>semop</c>, and when the set was created or set by
    /// <c>semctl</c>, in Unix seconds; null if <c>/proc</c> does not show it. A first number of 0: none yet.</summary>
    public static (long Changed, long Made)? Times(int id)
    {
        try
        {
            foreach (string line in File.ReadLines(Table).Skip(1))
            {
                string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length >= Columns && Number(words[1]) == id)
                {
                    return (Number(words[8]), Number(words[9]));
                }
            }

            return null;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Adds to the value without waiting.</summary>
    /// <param name="id">The set.</param>
    /// <param name="number">The semaphore in the set.</param>
    /// <param name="change">How much; negative: EAGAIN if the value is smaller.</param>
    /// <param name="undo">Whether the kernel takes the change back when this process ends.</param>
    public static Errno Add(int id, int number, int change, bool undo)
    {
        Operation operation = new((ushort)number, (short)change, (short)(IPC_NOWAIT | (undo ? SEM_UNDO : 0)));
        return Operate(id, &operation, 1, null);
    }

    /// <summary>Subtracts one from the value, and sleeps in the kernel while it is zero.</summary>
    /// <param name="id">The set.</param>
    /// <param name="number">The semaphore in the set.</param>
    /// <param name="undo">As for <see cref="Add"/>.</param>
    /// <param name="longest">The longest time to sleep; <see cref="Timeout.InfiniteTimeSpan"/>: no limit.</param>
    /// <returns>EAGAIN: the time is over; EINTR: a signal interrupted it; EIDRM: the set was removed.</returns>
    public static Errno Take(int id, int number, bool undo, TimeSpan longest)
    {
        Operation operation = new((ushort)number, -1, undo ? SEM_UNDO : (short)0);
        if (longest == Timeout.InfiniteTimeSpan)
        {
            return Operate(id, &operation, 1, null);
        }

        Libc.TimeSpec time = new()
        {
            Seconds = longest.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = longest.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        return Operate(id, &operation, 1, &time);
    }

    /// <summary>Gives the first semaphore of a set its first value, in one step and only while it is zero. EAGAIN: it is not.</summary>
    public static Errno Begin(int id, int value)
    {
        Operation* operations = stackalloc Operation[2];
        operations[0] = new Operation(0, 0, IPC_NOWAIT);
        operations[1] = new Operation(0, (short)value, IPC_NOWAIT);
        return Operate(id, operations, value == 0 ? 1u : 2u, null);
    }

    private static long Number(string word) => long.Parse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static int? Get(int key, int count, int flags, out Errno error)
    {
        int id = GetSet(key, count, flags);
        error = id < 0 ? Libc.LastError : Errno.None;
        return id < 0 ? null : id;
    }

    private static int Read(int id, int number, int command, out Errno error)
    {
        int result = Control(id, number, command, 0);
        error = result < 0 ? Libc.LastError : Errno.None;
        return result;
    }

    private static Errno Operate(int id, Operation* operations, nuint count, Libc.TimeSpec* longest) =>
        Operate(id, operations, count, (nint)longest) == 0 ? Errno.None : Libc.LastError;

    [LibraryImport("libc", EntryPoint = "semget")]
    private static partial int GetSet(int key, int count, int flags);

    // Variadic: see the note at fcntl in Libc.
    [LibraryImport("libc", EntryPoint = "semctl")]
    private static partial int Control(int id, int number, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "semtimedop")]
    private static partial int Operate(int id, Operation* operations, nuint count, nint longest);

    /// <summary><c>struct sembuf</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Operation(ushort Number, short Change, short Flags);
}
