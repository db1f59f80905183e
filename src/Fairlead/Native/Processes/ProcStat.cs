using System.Buffers.Text;

namespace Fairlead.Native.Processes;

/// <summary>
/// Parses <c>/proc/PID/stat</c>. Its second field is the program's name, which may contain spaces, newlines and parentheses.
/// </summary>
internal static class ProcStat
{
    // Counted from the state, field 3 of proc(5): the flags are field 9, the threads field 20, the start field 22, and the last one is the
    // exit code.
    private const int ParentField = 1;
    private const int FlagsField = 6;
    private const int ThreadsField = 17;
    private const int StartField = 19;
    private const int ExitCodeField = 49;

    /// <summary>Returns for instance <c>R</c>, <c>S</c>, or <c>Z</c> for a zombie.</summary>
    public static char? State(ReadOnlySpan<byte> stat) => Fields(stat) is [var state, ..] ? (char)state : null;

    /// <summary>
    /// Returns whether no thread of the process runs any more. The state alone is that of its first thread, which may be a zombie while
    /// the others run, and keep its files and locks.
    /// </summary>
    public static bool IsOver(ReadOnlySpan<byte> stat) => State(stat) switch
    {
        'X' => true,
        'Z' => Number(stat, ThreadsField) is not > 1,
        _ => false,
    };

    /// <summary>Returns the kernel's flags of the process, <c>PF_*</c>.</summary>
    public static ulong? Flags(ReadOnlySpan<byte> stat) => Number(stat, FlagsField);

    /// <summary>Returns the process ID of the parent.</summary>
    public static ulong? Parent(ReadOnlySpan<byte> stat) => Number(stat, ParentField);

    public static ulong? StartTicks(ReadOnlySpan<byte> stat) => Number(stat, StartField);

    /// <summary>
    /// Returns the exit code as <c>wait</c> reports it: the signal that ended the process, or that stopped it while it is stopped. 0 also
    /// for readers without permission.
    /// </summary>
    public static ulong? ExitCode(ReadOnlySpan<byte> stat) => Number(stat, ExitCodeField);

    private static ulong? Number(ReadOnlySpan<byte> stat, int field)
    {
        var fields = Fields(stat);
        for (var i = 0; i < field && !fields.IsEmpty; i++)
        {
            var space = fields.IndexOf((byte)' ');
            fields = space < 0 ? default : fields[(space + 1)..];
        }

        return Utf8Parser.TryParse(fields, out ulong number, out _) ? number : null;
    }

    // Nothing after the name contains a parenthesis: the last one closes it.
    private static ReadOnlySpan<byte> Fields(ReadOnlySpan<byte> stat)
    {
        var end = stat.LastIndexOf(") "u8);
        return end < 0 ? default : stat[(end + 2)..];
    }
}
