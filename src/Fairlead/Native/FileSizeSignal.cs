namespace Fairlead.Native;

/// <summary>
/// Holds back SIGXFSZ in this thread, around a call that may extend a file. At the limit of file sizes (<c>ulimit -f</c>) the call fails
/// with EFBIG. The signal, which would end the process, is taken. The process's own action for the signal stays as it is.
/// </summary>
internal unsafe ref struct FileSizeSignal
{
    private const int Number = 25;

    private Libc.SignalSet _before;

    /// <summary>Begins to hold the signal back.</summary>
    public static FileSizeSignal HoldBack()
    {
        FileSizeSignal signal = default;
        Libc.SignalSet blocked = Set();
        _ = Libc.ThreadSignalMask(Libc.SIG_BLOCK, &blocked, &signal._before);
        return signal;
    }

    /// <summary>Ends it. Call it after the result of the call has been read.</summary>
    /// <param name="error">The result of the call: EFBIG has sent the signal to this thread.</param>
    public void Release(Errno error)
    {
        if (error == Errno.EFBIG)
        {
            Libc.SignalSet pending = Set();
            Libc.TimeSpec none = default;
            _ = Libc.TakeSignal(&pending, null, &none);
        }

        fixed (Libc.SignalSet* before = &_before)
        {
            _ = Libc.ThreadSignalMask(Libc.SIG_SETMASK, before, null);
        }
    }

    private static Libc.SignalSet Set()
    {
        Libc.SignalSet set = default;
        set.Words[0] = 1UL << (Number - 1);
        return set;
    }
}
