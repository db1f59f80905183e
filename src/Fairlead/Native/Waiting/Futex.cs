namespace Fairlead.Native.Waiting;

/// <summary>Sleeps until a word of shared memory changes, in this process or another one.</summary>
internal static unsafe class Futex
{
    // The longest single sleep; a caller that wakes early checks and sleeps again.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>
    /// Sleeps while the word has this value. Returns on a wake-up, on timeout, if the value differs, and sometimes spuriously. Zero or
    /// less: does not sleep; <see cref="Timeout.InfiniteTimeSpan"/>: no limit.
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

    /// <summary>Wakes one sleeper on the word.</summary>
    public static void Wake(ref int word) => Wake(ref word, 1);

    /// <summary>Wakes at most this many sleepers on the word.</summary>
    public static void Wake(ref int word, int sleepers)
    {
        fixed (int* address = &word)
        {
            _ = Libc.Futex(address, Libc.FUTEX_WAKE, sleepers, null);
        }
    }

    /// <summary>
    /// Adds 1 to the word and wakes all sleepers on it, in one step of the kernel: a process killed during it has done both or neither.
    /// </summary>
    public static void AddOneAndWakeAll(ref int word) => AddAndWakeAll(ref word, 1);

    /// <summary>Same, adding a number from 0 to 2,047.</summary>
    public static void AddAndWakeAll(ref int word, int number) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_ADD, number);

    /// <summary>Same, setting some of the lower eleven bits.</summary>
    public static void OrAndWakeAll(ref int word, int bits) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_OR, bits);

    /// <summary>Same, clearing some of the lower eleven bits.</summary>
    public static void ClearAndWakeAll(ref int word, int bits) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_ANDN, bits);

    /// <summary>Same, storing a value from 0 to 2,047, whatever the word was.</summary>
    public static void SetAndWakeAll(ref int word, int value) => ChangeAndWakeAll(ref word, Libc.FUTEX_OP_SET, value);

    private static void ChangeAndWakeAll(ref int word, int operation, int argument)
    {
        fixed (int* address = &word)
        {
            _ = Libc.Futex(address, Libc.FUTEX_WAKE_OP, int.MaxValue, 0, address, operation | (argument << Libc.FUTEX_OP_ARGUMENT));
        }
    }
}
