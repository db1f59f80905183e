using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>
/// The identity of one process: its number, which the kernel reuses when it has ended, and its start time. Written <c>4242@1289734</c>.
/// </summary>
/// <param name="ProcessId">The process ID in this process's pid namespace.</param>
/// <param name="Start">The start time, in kernel clock ticks since the machine started (field 22 of <c>/proc/PID/stat</c>).</param>
public readonly record struct ProcessIdentity(int ProcessId, long Start)
{
    // A failure is not kept: each caller gets an error that says what is missing.
    private static readonly Lazy<ProcessIdentity> Own = new(static () => Of(Environment.ProcessId), LazyThreadSafetyMode.PublicationOnly);

    /// <summary>This process.</summary>
    /// <exception cref="FairleadException">NotFound: this process sees no <c>/proc</c>.</exception>
    public static ProcessIdentity Current => Own.Value;

    /// <summary>
    /// Whether the process is alive: not another with its number, and not a zombie, whose parent has not collected its status.
    /// </summary>
    public bool IsAlive => StartOf(ProcessId) == Start && NativeProcess.IsAlive(ProcessId);

    /// <summary>Returns the identity of the process that has this number now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">NotFound: there is no such process.</exception>
    public static ProcessIdentity Of(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return StartOf(processId) is { } start
            ? new ProcessIdentity(processId, start)
            : throw (ProcFiles.AreMounted
                ? ProcessErrors.NotFound(processId)
                : ErrnoMap.Failure(string.Create(CultureInfo.InvariantCulture, $"cannot identify process {processId}"), Errno.ENOENT));
    }

    /// <summary>Parses <c>4242@1289734</c>.</summary>
    /// <exception cref="FormatException">The text is not an identity.</exception>
    public static ProcessIdentity Parse(string text) =>
        TryParse(text, out ProcessIdentity identity)
            ? identity
            : throw new FormatException(
                $"'{text}' is not a process: write its number, @ and its start time, 4242@1289734, as fairlead signal --probe 4242 prints."
            );

    /// <summary>Parses <c>4242@1289734</c>; false if the text is not an identity.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ProcessIdentity identity)
    {
        identity = default;
        if (text?.Split('@') is not [var number, var beginning]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int processId) || processId <= 0
            || !long.TryParse(beginning, NumberStyles.None, CultureInfo.InvariantCulture, out long start))
        {
            return false;
        }

        identity = new ProcessIdentity(processId, start);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ProcessId}@{Start}");

    /// <summary>Returns the start time of a process; null if there is none.</summary>
    internal static long? StartOf(int processId) => (long?)NativeProcess.StartTicks(processId);
}
