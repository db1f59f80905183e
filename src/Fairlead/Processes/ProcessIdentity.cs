using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// One process and no other: its number, which another gets when it has ended, and the moment at which it began. Written
/// <c>4242@1289734</c>.
/// </summary>
/// <param name="ProcessId">Its number, in this process's pid namespace.</param>
/// <param name="Start">When it began, in the kernel's clock ticks since the machine did (the 22nd field of <c>/proc/PID/stat</c>).</param>
public readonly record struct ProcessIdentity(int ProcessId, long Start)
{
    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId);

    /// <summary>
    /// Whether it runs, or could: not another that has its number, and not a zombie, whose parent has not asked yet how it ended.
    /// </summary>
    public bool IsAlive => StartOf(ProcessId) == Start && NativeProcess.IsAlive(ProcessId);

    /// <summary>The process that has this number now.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    /// <exception cref="FairleadException">NotFound: there is none.</exception>
    public static ProcessIdentity Of(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return StartOf(processId) is { } start ? new ProcessIdentity(processId, start) : throw ProcessErrors.NotFound(processId);
    }

    /// <summary>Reads <c>4242@1289734</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static ProcessIdentity Parse(string text) =>
        TryParse(text, out ProcessIdentity identity)
            ? identity
            : throw new FormatException(
                $"'{text}' is no process: write its number, an @ and its beginning, 4242@1289734, as fairlead signal --probe 4242 shows it."
            );

    /// <summary>Reads <c>4242@1289734</c>; false where it is none.</summary>
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

    /// <summary>Null where there is no such process.</summary>
    internal static long? StartOf(int processId) => (long?)NativeProcess.StartTicks(processId);
}
