using System.Buffers.Text;

namespace Fairlead.Native;

/// <summary>Reads <c>/proc/PID/stat</c>. Its second field is the program's name, which may hold spaces, newlines and parentheses.</summary>
internal static class ProcStat
{
    // Counted from the state, the third field of proc(5): the flags are its 9th, the start its 22nd, and
    // the last one is how it will end.
    private const int ParentField = 1;
    private const int FlagsField = 6;
    private const int StartField = 19;
    private const int ExitCodeField = 49;

    /// <summary>For instance <c>R</c>, <c>S</c>, or <c>Z</c> for a zombie.</summary>
    public static char? State(ReadOnlySpan<byte> stat) => Fields(stat) is [var state, ..] ? (char)state : null;

    /// <summary>The kernel's flags of the process, <c>PF_*</c>.</summary>
    public static ulong? Flags(ReadOnlySpan<byte> stat) => Number(stat, FlagsField);

    /// <summary>The process id of the parent.</summary>
    public static ulong? Parent(ReadOnlySpan<byte> stat) => Number(stat, ParentField);

    public static ulong? StartTicks(ReadOnlySpan<byte> stat) => Number(stat, StartField);

    /// <summary>
    /// How it ends, as <c>wait</c> tells it: the signal where one ended it, and the one that stopped it while it is stopped. 0 also for who
    /// may not know.
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

    // Nothing behind the name holds a parenthesis, so the last one closes it.
    private static ReadOnlySpan<byte> Fields(ReadOnlySpan<byte> stat)
    {
        var end = stat.LastIndexOf(") "u8);
        return end < 0 ? default : stat[(end + 2)..];
    }
}
