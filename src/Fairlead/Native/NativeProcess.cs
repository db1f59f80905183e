using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Fairlead.Native;

/// <summary>Processes as <c>/proc</c> shows them. Null where it shows nothing: no such process, or not ours to see.</summary>
internal static class NativeProcess
{
    private const int LongestCommandLine = 4096;
    private const int LongestStat = 4096;

    public static int Id => Environment.ProcessId;

    /// <summary>The namespace in which the numbers of processes are those that this process knows; 0 where it cannot be told.</summary>
    public static uint Namespace { get; } = (uint)(NativeFile.Stat("/proc/self/ns/pid")?.Inode ?? 0);

    /// <summary>Who has started this process, or has taken it over since.</summary>
    public static int ParentId => Libc.ParentProcessId();

    /// <summary>The effective user of this process.</summary>
    public static uint UserId => Libc.EffectiveUserId();

    /// <summary>
    /// The program and its arguments, for people: <c>bc -l</c>. Cut at 4 KiB; control characters, which could play tricks on a terminal,
    /// become <c>?</c>. Null for kernel threads and zombies too.
    /// </summary>
    public static string? CommandLine(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestCommandLine];
        var bytes = ReadProc(pid, "cmdline", buffer);
        return bytes.IsEmpty ? null : FormatCommandLine(bytes, cut: bytes.Length == LongestCommandLine);
    }

    /// <summary>When the process began, in clock ticks since the machine did: with the pid, its identity.</summary>
    public static ulong? StartTicks(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        return ProcStat.StartTicks(ReadProc(pid, "stat", buffer));
    }

    /// <summary>When the process began, to the second.</summary>
    public static DateTimeOffset? StartTime(int pid)
    {
        if (StartTicks(pid) is not { } ticks || BootTime() is not { } boot)
        {
            return null;
        }

        var ticksPerSecond = Libc.SystemConfiguration(Libc.SC_CLK_TCK);
        return boot.AddSeconds(ticks / (double)ticksPerSecond);
    }

    /// <summary>Whether it runs, or could. A zombie, whose parent has not asked yet how it ended, is dead.</summary>
    public static bool IsAlive(int pid)
    {
        // Zero and negative numbers are groups of processes to kill(2).
        if (pid <= 0 || (Libc.Kill(pid, 0) != 0 && Libc.LastError == Errno.ESRCH))
        {
            return false;
        }

        Span<byte> buffer = stackalloc byte[LongestStat];
        return ProcStat.State(ReadProc(pid, "stat", buffer)) is not ('Z' or 'X');
    }

    /// <summary>
    /// Whether it has been killed, is ending or has gone, and will never run a line of its program again. It may still have all that it
    /// held: the kernel takes the memory apart first, which is half a second for some GB, and closes files and releases locks behind that.
    /// </summary>
    public static bool IsEnding(int pid)
    {
        const ulong Exiting = 4; // PF_EXITING
        const ulong KillSignal = 9;
        Span<byte> buffer = stackalloc byte[LongestStat];

        // In this order: the signal is pending first, and the process ends afterwards. Between the two neither is to be seen, for some
        // microseconds, but the code with which it will end is, where the kernel tells it so early (from Linux 5.17 on).
        var isKilled = IsKilled(ReadProc(pid, "status", buffer));
        var stat = ReadProc(pid, "stat", buffer);
        return isKilled
            || ProcStat.State(stat) is null or 'Z' or 'X'
            || (ProcStat.Flags(stat) & Exiting) != 0
            || ProcStat.ExitCode(stat) == KillSignal;
    }

    /// <summary>Whether it is stopped: by a signal, or by a debugger.</summary>
    public static bool IsStopped(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        return ProcStat.State(ReadProc(pid, "stat", buffer)) is 'T' or 't';
    }

    /// <summary>Whether it is this process, or one that this process has started.</summary>
    public static bool IsOwnOrChild(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        return pid == Id || ProcStat.Parent(ReadProc(pid, "stat", buffer)) == (ulong)Id;
    }

    /// <summary>
    /// Whether it is a child that does not run its own program yet: until then it has its parent's command line, and all that its parent
    /// has open.
    /// </summary>
    public static bool IsBeingStarted(int pid)
    {
        Span<byte> child = stackalloc byte[LongestCommandLine];
        Span<byte> own = stackalloc byte[LongestCommandLine];
        return pid != Id && IsOwnOrChild(pid) && ReadProc(pid, "cmdline", child).SequenceEqual(ReadProc(Id, "cmdline", own));
    }

    /// <summary>The process that has a thread of this number, if the thread has this name.</summary>
    /// <param name="thread">The kernel's number of a thread.</param>
    /// <param name="name">Up to 15 letters.</param>
    /// <param name="isGone">Where there is none: whether that is certain, and not only <c>/proc</c> that cannot be read.</param>
    public static int? OfThread(int thread, string name, out bool isGone)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        ReadOnlySpan<byte> status = ReadProc(thread, "status", buffer);
        if (status.IsEmpty)
        {
            isGone = !Directory.Exists(string.Create(CultureInfo.InvariantCulture, $"/proc/{thread}")) && Directory.Exists("/proc/self");
            return null;
        }

        var key = "Tgid:\t"u8;
        int at = status.IndexOf(key);
        isGone = !status.StartsWith(Encoding.UTF8.GetBytes($"Name:\t{name}\n"));
        return !isGone && at >= 0 && Utf8Parser.TryParse(status[(at + key.Length)..], out int process, out _) ? process : null;
    }

    // SIGKILL is pending from the moment it is sent until the process gets to run and die.
    private static bool IsKilled(ReadOnlySpan<byte> status) =>
        (PendingSignals(status, "SigPnd:\t"u8) | PendingSignals(status, "ShdPnd:\t"u8)) is var pending && (pending & (1UL << 8)) != 0;

    private static ulong PendingSignals(ReadOnlySpan<byte> status, ReadOnlySpan<byte> key)
    {
        var start = status.IndexOf(key);
        return start >= 0 && Utf8Parser.TryParse(status[(start + key.Length)..], out ulong mask, out _, 'x') ? mask : 0;
    }

    internal static string FormatCommandLine(ReadOnlySpan<byte> bytes, bool cut)
    {
        var end = bytes.IndexOf((byte)0);
        var program = end < 0 ? bytes : bytes[..end];

        // A program that renames itself writes a sentence there, perhaps with a path in it: that is none to shorten.
        var path = program is [(byte)'/', ..] || program.IndexOf((byte)' ') < 0 ? program : program[..program.IndexOf((byte)' ')];
        var text = Encoding.UTF8.GetString(bytes[(path.LastIndexOf((byte)'/') + 1)..].TrimEnd((byte)0));
        return string.Create(text.Length + (cut ? 1 : 0), (text, cut), static (target, source) =>
        {
            for (var i = 0; i < source.text.Length; i++)
            {
                var c = source.text[i];
                target[i] = c == '\0' ? ' ' : char.IsControl(c) ? '?' : c;
            }

            if (source.cut)
            {
                target[^1] = '…';
            }
        });
    }

    private static DateTimeOffset? BootTime()
    {
        const string Key = "btime ";
        foreach (var line in File.ReadLines("/proc/stat"))
        {
            if (line.StartsWith(Key, StringComparison.Ordinal))
            {
                return DateTimeOffset.FromUnixTimeSeconds(long.Parse(line.AsSpan(Key.Length), CultureInfo.InvariantCulture));
            }
        }

        return null;
    }

    private static ReadOnlySpan<byte> ReadProc(int pid, string file, Span<byte> buffer) =>
        ReadWhole(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{file}"), buffer);

    /// <summary>A file of <c>/proc</c>, as far as the buffer goes; empty where it cannot be read.</summary>
    internal static ReadOnlySpan<byte> ReadWhole(string path, Span<byte> buffer)
    {
        using var descriptor = NativeFile.Open(path, OpenFlags.ReadOnly, out _);
        if (descriptor is null)
        {
            return default;
        }

        var length = 0;
        while (length < buffer.Length)
        {
            // An error is a process that ended while it was looked at (ESRCH), or is not ours to see.
            var read = descriptor.Read(buffer[length..]);
            if (read.Count == 0)
            {
                break;
            }

            length += read.Count;
        }

        return buffer[..length];
    }
}
