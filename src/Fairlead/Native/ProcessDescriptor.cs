namespace Fairlead.Native;

/// <summary>
/// Descriptors of processes (<c>pidfd</c>): they become readable when the process ends, and what is sent by them reaches no other process
/// that got its number.
/// </summary>
internal static unsafe class ProcessDescriptor
{
    /// <summary>Opens one; the caller owns it. Null when it failed: ESRCH, there is no such process.</summary>
    public static Descriptor? Open(int processId, out Errno error)
    {
        int number = Libc.ProcessOpen(processId);
        error = number < 0 ? Libc.LastError : Errno.None;
        return number < 0 ? null : new Descriptor(number);
    }

    /// <summary>
    /// Ends a child that nothing can watch, for want of descriptors, and takes note of its end: else it would stay as a zombie.
    /// </summary>
    public static void EndChild(int processId)
    {
        const int Kill = 9;
        Libc.ChildInformation information;
        _ = Libc.Kill(processId, Kill);
        while (Libc.WaitId(Libc.P_PID, processId, &information, Libc.WEXITED) != 0 && Libc.LastError == Errno.EINTR)
        {
        }
    }

    /// <summary>
    /// Where SIGCHLD is ignored, as a parent may have left it, the kernel throws the status of every child away: it is put back to its
    /// default. By then it is caught where the base library has started processes.
    /// </summary>
    public static void KeepStatuses()
    {
        const nint Default = 0;
        const nint Ignore = 1;
        byte* action = stackalloc byte[Libc.SignalActionRoom];
        if (Libc.SignalAction(Libc.SIGCHLD, null, action) == 0 && *(nint*)action == Ignore)
        {
            _ = Libc.SetSignal(Libc.SIGCHLD, Default);
        }
    }

    /// <summary>Sends a signal; 0 only asks. ESRCH: it has ended, and its parent knows.</summary>
    public static Errno Send(Descriptor process, int signal)
    {
        if (!process.TryEnter())
        {
            return Errno.ESRCH;
        }

        Errno error = Libc.ProcessSignal(process.Number, signal) == 0 ? Errno.None : Libc.LastError;
        process.Exit();
        return error;
    }

    /// <summary>
    /// What has become of a child, which is thereby noted: an end that is taken is the end of the zombie. Does not block. Null when nothing
    /// has happened, with no error; or with ECHILD: it is no child, or somebody else in this process has waited for it.
    /// </summary>
    /// <param name="process">The child's.</param>
    /// <param name="ofStops">Whether to take a stop or a going on; else its end.</param>
    /// <param name="error">See above.</param>
    public static ChildReport? Take(Descriptor process, bool ofStops, out Errno error)
    {
        error = Errno.EBADF;
        if (!process.TryEnter())
        {
            return null;
        }

        Libc.ChildInformation information = default;
        int options = Libc.WNOHANG | (ofStops ? Libc.WSTOPPED | Libc.WCONTINUED : Libc.WEXITED);
        int result;
        error = Errno.None;
        do
        {
            result = Libc.WaitId(Libc.P_PIDFD, process.Number, &information, options);
        }
        while (result != 0 && (error = Libc.LastError) == Errno.EINTR);

        process.Exit();
        if (result != 0)
        {
            return null;
        }

        error = Errno.None;
        return information.ProcessId == 0 ? null : new ChildReport(information.Code, information.Status);
    }
}

/// <summary>What <c>waitid</c> says: <c>CLD_EXITED</c> and the exit code, or another code and the signal.</summary>
internal readonly record struct ChildReport(int Code, int Status);
