using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// Sends signals, and receives them as an asynchronous stream; ignores, blocks and lists them; sets the alarm.
/// </summary>
/// <remarks>
/// <para>
/// Of what a .NET process receives, the runtime hands on which signal came, and no more. A process that was <i>started</i> with a signal
/// blocked (<c>fairlead spawn --block</c>, <see cref="ChildProcessOptions.BlockedSignals"/>, <c>env --block-signal</c>) gets each with its
/// value and its sender.
/// </para>
/// <para>The idea is that of <c>signalfd</c>, <c>sigqueue</c> and <c>pidfd_send_signal</c>.</para>
/// </remarks>
public static partial class Signals
{
    /// <summary>The signals that were sent to this process and not delivered yet.</summary>
    public static IReadOnlyList<Signal> Pending => StateOf(Environment.ProcessId).Pending;

    /// <summary>
    /// Sends a signal to whatever process has this number now. To one process and no other:
    /// <see cref="Send(ProcessIdentity, Signal, int?)"/>.
    /// </summary>
    /// <param name="processId">Its number.</param>
    /// <param name="signal">0 only asks.</param>
    /// <param name="value">Comes with it where the receiver has blocked it; real-time signals are queued each with its own.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">
    /// NotFound: there is no such process. PermissionDenied: it is another user's. Full: too many are queued for its user.
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

    /// <summary>Sends a signal to this very process, and never to another that got its number.</summary>
    /// <param name="process">As <see cref="ProcessIdentity.Of"/> or <see cref="ProcessIdentity.Parse"/> gave it.</param>
    /// <param name="signal">0 only asks.</param>
    /// <param name="value">As for <see cref="Send(int, Signal, int?)"/>.</param>
    /// <exception cref="FairleadException">
    /// NotFound: it has ended; where its number is another's by now, the error says whose. Else as <see cref="Send(int, Signal, int?)"/>.
    /// </exception>
    public static void Send(ProcessIdentity process, Signal signal, int? value = null)
    {
        using ProcessHandle handle = ProcessHandle.Open(process);
        handle.Send(signal, value);
    }

    /// <summary>Sends a signal to every process of a group, this one included where it is its own.</summary>
    /// <param name="group">Its number: the process id of who began it.</param>
    /// <param name="signal">0 only asks. There are no values for groups.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The number is 1, with which the kernel means every process there is, or less.
    /// </exception>
    /// <exception cref="FairleadException">NotFound: there is no such group. PermissionDenied: all in it are other users'.</exception>
    public static void SendToGroup(int group, Signal signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(group, 1);
        Errno error = NativeSignal.Send(-group, signal.Number);
        if (error != Errno.None)
        {
            throw ProcessErrors.CannotSend(string.Create(CultureInfo.InvariantCulture, $"process group {group}"), group, signal, error);
        }
    }

    /// <summary>Whether there is such a process, whoever's it is. A zombie, whose parent has not asked yet how it ended, is none.</summary>
    public static bool Exists(int processId) => NativeProcess.IsAlive(processId);

    /// <summary>What a process does with signals.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">NotFound: there is no such process.</exception>
    public static SignalState StateOf(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return SignalMasks.Of(processId) is { } masks ? new SignalState(masks) : throw ProcessErrors.NotFound(processId);
    }

    /// <summary>
    /// Lets the kernel send this process SIGALRM. A process has one such alarm; unless it is listened to or ignored, it ends the process.
    /// </summary>
    /// <param name="due">How far from now; zero takes the alarm back.</param>
    /// <param name="every">Again each time so much has passed; zero: once.</param>
    /// <returns>What was left of the alarm that it replaces; zero: there was none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A time is negative, or shorter than the kernel's microsecond.</exception>
    public static TimeSpan Alarm(TimeSpan due, TimeSpan every = default) =>
        TimeSpan.FromMicroseconds(NativeSignal.SetAlarm(Microseconds(due, nameof(due)), Microseconds(every, nameof(every))));

    private static long Microseconds(TimeSpan time, string name) =>
        time < TimeSpan.Zero || (time > TimeSpan.Zero && time < TimeSpan.FromMicroseconds(1))
            ? throw new ArgumentOutOfRangeException(name, time, "An alarm is zero, or a microsecond or more.")
            : time.Ticks / TimeSpan.TicksPerMicrosecond;
}
