namespace Fairlead.Native.Processes;

/// <summary>Signals by number: sending, receiving by a descriptor, and the actions of this process.</summary>
internal static unsafe class NativeSignal
{
    /// <summary>Sends to a process or, if negative, to a group. ESRCH: it does not exist.</summary>
    public static Errno Send(int target, int signal) => Libc.Kill(target, signal) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Sends with a value. EAGAIN: too many are queued for that user.</summary>
    public static Errno Queue(int processId, int signal, int value) =>
        Libc.SignalQueue(processId, signal, new() { Number = value }) == 0 ? Errno.None : Libc.LastError;

    /// <summary>Sends with a value to exactly the process that the descriptor was opened for.</summary>
    public static Errno Queue(Descriptor process, int signal, int value)
    {
        if (!process.TryEnter())
        {
            return Errno.EBADF;
        }

        Libc.SignalInformation information = new()
        {
            Number = signal,
            Code = Libc.SI_QUEUE,
            ProcessId = NativeProcess.Id,
            UserId = Libc.RealUserId(),
            Value = new() { Number = value },
        };
        Errno error = Libc.ProcessSignal(process.Number, signal, &information) == 0 ? Errno.None : Libc.LastError;
        process.Exit();
        return error;
    }

    /// <summary>Opens a descriptor that yields the blocked signals of a mask. The caller owns it.</summary>
    public static Descriptor Open(ulong signals)
    {
        Platform.Require();
        Libc.SignalSet set = default;
        set.Words[0] = signals;
        int number = Libc.SignalDescriptor(-1, &set, Libc.SFD_CLOEXEC | Libc.SFD_NONBLOCK);
        return number < 0 ? throw ErrnoMap.Failure("cannot open a descriptor for signals", Libc.LastError) : new Descriptor(number);
    }

    /// <summary>Takes received signals, as many as fit. Does not block.</summary>
    public static int Take(Descriptor signals, Span<Libc.ReceivedSignal> received) =>
        signals.Read(System.Runtime.InteropServices.MemoryMarshal.AsBytes(received)).Count / sizeof(Libc.ReceivedSignal);

    /// <summary>Blocks or unblocks a signal in this thread.</summary>
    public static void SetBlocked(int signal, bool isBlocked)
    {
        Platform.Require();
        Libc.SignalSet set = default;
        set.Words[0] = Bit(signal);
        Errno error = Libc.ThreadSignalMask(isBlocked ? Libc.SIG_BLOCK : Libc.SIG_UNBLOCK, &set, null);
        if (error != Errno.None)
        {
            throw ErrnoMap.Failure("cannot change the blocked signals", error);
        }
    }

    /// <summary>Returns the handler of a signal: <see cref="Libc.SIG_DFL"/>, <see cref="Libc.SIG_IGN"/>, or a function.</summary>
    public static nint HandlerOf(int signal) => System.Runtime.InteropServices.MemoryMarshal.Read<nint>(ActionOf(signal));

    /// <summary>Returns the complete action of a signal, for <see cref="SetAction"/> to restore.</summary>
    public static byte[] ActionOf(int signal)
    {
        Platform.Require();
        byte[] action = new byte[Libc.SignalActionRoom];
        fixed (byte* place = action)
        {
            Check(Libc.SignalAction(signal, null, place));
        }

        return action;
    }

    public static void SetAction(int signal, byte[] action)
    {
        fixed (byte* place = action)
        {
            Check(Libc.SignalAction(signal, place, null));
        }
    }

    /// <summary>Sets <see cref="Libc.SIG_DFL"/> or <see cref="Libc.SIG_IGN"/>.</summary>
    public static void SetHandler(int signal, nint handler) => Check(Libc.SetSignal(signal, handler) == -1 ? -1 : 0);

    /// <summary>Sets the alarm clock of this process, in microseconds; returns the time left of the previous alarm.</summary>
    public static long SetAlarm(long due, long period)
    {
        const long Second = 1_000_000;
        Libc.IntervalTimer timer = new()
        {
            Seconds = due / Second,
            Microseconds = due % Second,
            PeriodSeconds = period / Second,
            PeriodMicroseconds = period % Second,
        };
        Libc.IntervalTimer before;
        Check(Libc.SetTimer(Libc.ITIMER_REAL, &timer, &before));
        return (before.Seconds * Second) + before.Microseconds;
    }

    /// <summary>Returns the bit of a signal in a mask.</summary>
    public static ulong Bit(int signal) => 1UL << (signal - 1);

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw ErrnoMap.Failure("cannot change what a signal does", Libc.LastError);
        }
    }
}
