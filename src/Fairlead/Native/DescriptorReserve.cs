namespace Fairlead.Native;

/// <summary>
/// Descriptors that are kept back from those who come unasked. A process without any cannot even start a thread: the runtime ends it. So
/// whoever accepts connections stops while there are still some left for everything else.
/// </summary>
internal static class DescriptorReserve
{
    /// <summary>Kept back at most; of a small limit a quarter is.</summary>
    private const int Most = 32;

    /// <summary>
    /// Whether only those are left that are kept back. Asks the kernel for a descriptor and gives it back: it hands out the lowest number
    /// that is free, so a high one says that nearly all are used.
    /// </summary>
    /// <param name="open">Any descriptor that is open.</param>
    public static bool IsTouchedBy(Descriptor open)
    {
        nint limit = Libc.SystemConfiguration(Libc.SC_OPEN_MAX);
        if (limit <= 0 || !open.TryEnter())
        {
            return false;
        }

        int number = Libc.Control(open.Number, Libc.F_DUPFD_CLOEXEC, 0);
        open.Exit();
        if (number < 0)
        {
            return true;
        }

        _ = Libc.Close(number);
        return number >= limit - Math.Min(Most, limit / 4);
    }
}
