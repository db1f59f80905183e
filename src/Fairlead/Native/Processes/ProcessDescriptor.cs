namespace Fairlead.Native.Processes;

/// <summary>
/// Descriptors of processes (<c>pidfd</c>): they become readable when the process ends, and a signal sent through them never reaches
/// another process with the same number.
/// </summary>
internal static unsafe class ProcessDescriptor
{
    /// <summary>Opens a descriptor; the caller owns it. Null on failure; ESRCH: the process does not exist.</summary>
    public static Descriptor? Open(int processId, out Errno error)
    {
        int number = Libc.ProcessOpen(processId);
        error = number < 0 ? Libc.LastError : Errno.None;
        return number < 0 ? null : new Descriptor(number);
    }

    /// <summary>
    /// Opens a descriptor of a thread, which becomes readable when the thread ends; the caller owns it. Null on failure; EINVAL: before
    /// Linux 6.9.
    /// </summary>
    public static Descriptor? OpenThread(int thread, out Errno error)
    {
        int number = Libc.ProcessOpen(thread, Libc.PIDFD_THREAD);
        error = number < 0 ? Libc.LastError : Errno.None;
        return number < 0 ? null : new Descriptor(number);
    }

    /// <summary>
    /// Kills a child that cannot be watched for lack of descriptors, and collects its status: otherwise it would stay as a zombie.
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

    /// <summary>Returns a child that has ended and whose status no code has collected, without collecting it; null if there is
    /// none.</summary>
    public static int? AnyZombie()
    {
        Libc.ChildInformation information = default;
        return Libc.WaitId(Libc.P_ALL, 0, &information, Libc.WEXITED | Libc.WNOHANG | Libc.WNOWAIT) == 0 && information.ProcessId != 0
            ? information.ProcessId
            : null;
    }

    /// <summary>Blocks until a child has ended and its status is not collected. Returns false if there is no child.</summary>
    public static bool WaitForZombie()
    {
        Libc.ChildInformation information = default;
        while (Libc.WaitId(Libc.P_ALL, 0, &information, Libc.WEXITED | Libc.WNOWAIT) != 0)
        {
            if (Libc.LastError != Errno.EINTR)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Collects the status of a child that has ended, and discards it. No effect if it is not a child any more.</summary>
    public static void Collect(int processId)
    {
        Libc.ChildInformation information = default;
        _ = Libc.WaitId(Libc.P_PID, processId, &information, Libc.WEXITED | Libc.WNOHANG);
    }

    /// <summary>
    /// Restores the default of SIGCHLD if it is ignored, as a parent may have left it: the kernel would discard the status of every child.
    /// If the base library has started processes, the signal is caught by then.
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

    /// <summary>Sends a signal; 0 only checks. ESRCH: the process has ended, and its parent has collected the status.</summary>
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

    /// <summary>Returns whether a child has ended and its status is not collected. Does not collect it.</summary>
    public static bool HasEnded(Descriptor process)
    {
        if (!process.TryEnter())
        {
            return false;
        }

        Libc.ChildInformation information = default;
        int result;
        do
        {
            result = Libc.WaitId(Libc.P_PIDFD, process.Number, &information, Libc.WEXITED | Libc.WNOHANG | Libc.WNOWAIT);
        }
        while (result != 0 && Libc.LastError == Errno.EINTR);

        process.Exit();
        return result == 0 && information.ProcessId != 0;
    }

    /// <summary>
    /// Takes the status of a child; taking its end removes the zombie. Does not block. Null without an error if nothing has happened. Null
    /// with ECHILD if it is not a child, or other code in this process has waited for it.
    /// </summary>
    /// <param name="process">The child.</param>
    /// <param name="ofStops">Whether to take a stop or continuation; otherwise its end.</param>
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

/// <summary>The result of <c>waitid</c>: <c>CLD_EXITED</c> and the exit code, or another code and the signal.</summary>
internal readonly record struct ChildReport(int Code, int Status);
