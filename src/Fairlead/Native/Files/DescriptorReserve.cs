namespace Fairlead.Native.Files;

/// <summary>
/// A reserve of descriptors that incoming connections may not use. A process without any descriptor cannot even start a thread: the runtime
/// ends it. So listeners stop accepting while some descriptors are still left for everything else.
/// </summary>
internal static class DescriptorReserve
{
    /// <summary>The largest reserve; with a small limit the reserve is a quarter of it.</summary>
    private const int Most = 32;

    /// <summary>
    /// Returns whether only the reserve is left. It duplicates a descriptor and closes it again: the kernel returns the lowest free number,
    /// and a high one means that only the reserve is left.
    /// </summary>
    /// <param name="open">Any open descriptor.</param>
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
