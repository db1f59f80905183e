namespace Fairlead.Native.Processes;

/// <summary>The blocked signals of a thread.</summary>
internal static unsafe class SignalMask
{
    /// <summary>Blocks a signal for this thread while a function runs, which makes at most one system call.</summary>
    public static T While<T>(int signal, Func<T> run)
    {
        Libc.SignalSet blocked = default;
        Libc.SignalSet before = default;
        blocked.Words[0] = 1UL << (signal - 1);
        _ = Libc.ThreadSignalMask(Libc.SIG_BLOCK, &blocked, &before);
        try
        {
            return run();
        }
        finally
        {
            _ = Libc.ThreadSignalMask(Libc.SIG_SETMASK, &before, null);
        }
    }
}
