namespace Fairlead.Native;

/// <summary>Sleeps until a word of shared memory changes, in this process or another.</summary>
internal static unsafe class Futex
{
    // Nobody sleeps longer at a stretch; whoever wakes early looks and sleeps on.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>
    /// Sleeps while the word has this value; returns when it is woken, when the time has passed, when the value is another, and now and
    /// then for no reason. Zero and less: does not sleep; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.
    /// </summary>
    public static void Wait(ref int word, int value, TimeSpan timeout)
    {
        LockOrder.AssertMaySleep(timeout);
        if (timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            return;
        }

        TimeSpan time = timeout > Longest ? Longest : timeout;
        Libc.TimeSpec spec = new()
        {
            Seconds = time.Ticks / TimeSpan.TicksPerSecond,
            Nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick,
        };
        fixed (int* address = &word)
        {
            _ = Libc.Futex(address, Libc.FUTEX_WAIT, value, timeout == Timeout.InfiniteTimeSpan ? null : &spec);
        }
    }

    /// <summary>Wakes one who sleeps on the word.</summary>
    public static void Wake(ref int word) => Wake(ref word, 1);

    /// <summary>Wakes so many at most of those who sleep on the word.</summary>
    public static void Wake(ref int word, int sleepers)
    {
        fixed (int* address = &word)
        {
            _ = Libc.Futex(address, Libc.FUTEX_WAKE, sleepers, null);
        }
    }

    /// <summary>
    /// Adds 1 to the word and wakes all who sleep on it, in one step of the kernel: who is killed meanwhile has done both or neither.
    /// </summary>
    public static void AddOneAndWakeAll(ref int word) => AddAndWakeAll(ref word, 1);

    /// <summary>The same with another number, of 0 to 2,047.</summary>
    public static void AddAndWakeAll(ref int word, int number) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_ADD, number);

    /// <summary>The same with bits, of the lower eleven, that are set.</summary>
    public static void OrAndWakeAll(ref int word, int bits) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_OR, bits);

    /// <summary>The same with a value of 0 to 2,047, whatever the word was.</summary>
    public static void SetAndWakeAll(ref int word, int value) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_SET, value);

    private static void ChangeAndWakeAll(ref int word, int operation, int argument)
    {
        fixed (int* address = &word)
        {
            _ = Libc.Futex(address, Libc.FUTEX_WAKE_OP, int.MaxValue, 0, address, operation | (argument << Libc.FUTEX_OP_ARGUMENT));
        }
    }
}
