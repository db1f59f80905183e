using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>Sends signals, receives them as an asynchronous stream, ignores, blocks and lists them, and sets the alarm.</summary>
/// <remarks>
/// <para>
/// The .NET runtime reports only which signal arrived. A process that was <i>started</i> with a signal blocked (<c>fairlead spawn
/// --block</c>, <see cref="ChildProcessOptions.BlockedSignals"/>, <c>env --block-signal</c>) gets each one with its value and sender.
/// </para>
/// <para>Modelled on <c>signalfd</c>, <c>sigqueue</c> and <c>pidfd_send_signal</c>.</para>
/// </remarks>
public static partial class Signals
{
    /// <summary>The signals that were sent to this process and not delivered yet.</summary>
    public static IReadOnlyList<Signal> Pending => StateOf(Environment.ProcessId).Pending;

    /// <summary>
    /// Sends a signal to the process that has this number now. To reach exactly one process, use
    /// <see cref="Send(ProcessIdentity, Signal, int?)"/>.
    /// </summary>
    /// <param name="processId">The process ID.</param>
    /// <param name="signal">The signal; 0 only checks that one may be sent.</param>
    /// <param name="value">
    /// A number for the receiver, which gets it if it has blocked the signal. Real-time signals are queued, each with its own number.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">
    /// NotFound: there is no such process. PermissionDenied: it belongs to another user. Full: too many signals are queued for its user.
    /// </exception>
    public static void Send(int processId, Signal signal, int? value = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        Errno error = value is { } number
            ? NativeSignal.Queue(processId, signal.Number, number)
            : NativeSignal.Send(processId, signal.Number);
        if (error != Errno.None)
        {
            throw ProcessErrors.CannotSend(string.Create(CultureInfo.InvariantCulture, $"process {processId}"), processId, signal, error);
        }
    }

    /// <summary>Sends a signal to exactly this process, never to another that got its number.</summary>
    /// <param name="process">The identity from <see cref="ProcessIdentity.Of"/> or <see cref="ProcessIdentity.Parse"/>.</param>
    /// <param name="signal">The signal; 0 only checks that one may be sent.</param>
    /// <param name="value">As for <see cref="Send(int, Signal, int?)"/>.</param>
    /// <exception cref="FairleadException">
    /// NotFound: the process has ended; if another has its number, the message names that one. Otherwise as for
    /// <see cref="Send(int, Signal, int?)"/>.
    /// </exception>
    public static void Send(ProcessIdentity process, Signal signal, int? value = null)
    {
        using ProcessHandle handle = ProcessHandle.Open(process);
        handle.Send(signal, value);
    }

    /// <summary>Sends a signal to every process of a group, which may include this process.</summary>
    /// <param name="group">The group: the process ID of its first process.</param>
    /// <param name="signal">The signal; 0 only checks that one may be sent. Groups get no values.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 2; 1 means every process to the kernel.</exception>
    /// <exception cref="FairleadException">
    /// NotFound: there is no such group. PermissionDenied: all its processes belong to other users.
    /// </exception>
    public static void SendToGroup(int group, Signal signal)
    {
        if (group <= 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(group),
                group,
                "A process group has a number of 2 or more: to the kernel, 0 means the group of the caller, 1 all processes.");
        }

        Errno error = NativeSignal.Send(-group, signal.Number);
        if (error != Errno.None)
        {
            throw ProcessErrors.CannotSend(string.Create(CultureInfo.InvariantCulture, $"process group {group}"), group, signal, error);
        }
    }

    /// <summary>
    /// Returns whether a process of any user has this number. A zombie, whose parent has not collected its status, does not count.
    /// </summary>
    public static bool Exists(int processId) => NativeProcess.IsAlive(processId);

    /// <summary>Returns how a process treats signals.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">NotFound: there is no such process.</exception>
    public static SignalState StateOf(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return SignalMasks.Of(processId) is { } masks ? new SignalState(masks) : throw ProcessErrors.NotFound(processId);
    }

    /// <summary>
    /// Asks the kernel to send this process SIGALRM. A process has one such alarm. It ends the process, unless the signal has a listener or
    /// is ignored.
    /// </summary>
    /// <param name="due">The time from now; zero cancels the alarm.</param>
    /// <param name="every">The interval of repetition; zero: once.</param>
    /// <returns>The time left of the alarm that it replaces; zero if there was none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative, or shorter than a microsecond, the kernel's unit.</exception>
    public static TimeSpan Alarm(TimeSpan due, TimeSpan every = default) =>
        TimeSpan.FromMicroseconds(NativeSignal.SetAlarm(Microseconds(due, nameof(due)), Microseconds(every, nameof(every))));

    private static long Microseconds(TimeSpan time, string name) =>
        time < TimeSpan.Zero || (time > TimeSpan.Zero && time < TimeSpan.FromMicroseconds(1))
            ? throw new ArgumentOutOfRangeException(name, time, "An alarm is zero, or a microsecond or more.")
            : time.Ticks / TimeSpan.TicksPerMicrosecond;
}
