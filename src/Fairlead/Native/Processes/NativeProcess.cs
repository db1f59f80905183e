using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Fairlead.Native.Files;

namespace Fairlead.Native.Processes;

/// <summary>
/// Processes, as <c>/proc</c> shows them. Null if it shows nothing: the process does not exist, or is hidden from this user.
/// </summary>
internal static class NativeProcess
{
    private const int LongestCommandLine = 4096;
    private const int LongestStat = 4096;

    /// <summary>The number of the first process of a pid namespace, to which the kernel gives orphans.</summary>
    public const int Initial = 1;

    public static int Id => Environment.ProcessId;

    /// <summary>The pid namespace of this process, in which its process numbers are valid; 0 if unknown.</summary>
    public static uint Namespace { get; } = (uint)(NativeFile.Stat("/proc/self/ns/pid")?.Inode ?? 0);

    /// <summary>The process that started this one, or has adopted it since.</summary>
    public static int ParentId => Libc.ParentProcessId();

    /// <summary>The effective user of this process.</summary>
    public static uint UserId => Libc.EffectiveUserId();

    /// <summary>
    /// Returns the program and its arguments for people: <c>bc -l</c>, <c>App.dll ARGUMENTS</c>. Truncated at 4 KiB; control characters,
    /// which could confuse a terminal, become <c>?</c>. Null for kernel threads and zombies too.
    /// </summary>
    public static string? CommandLine(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestCommandLine];
        var bytes = ReadProc(pid, "cmdline", buffer);
        return bytes.IsEmpty ? null : CommandLineText.Of(bytes, cut: bytes.Length == LongestCommandLine);
    }

    /// <summary>Returns the file name of the program, without its arguments, which may be secrets: <c>bc</c>, <c>App.dll</c>.</summary>
    public static string? ProgramFile(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestCommandLine];
        var bytes = ReadProc(pid, "cmdline", buffer);
        return bytes.IsEmpty ? null : CommandLineText.FileOf(bytes);
    }

    /// <summary>Returns the start time in clock ticks since the machine started: with the pid, the identity of a process.</summary>
    public static ulong? StartTicks(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        return ProcStat.StartTicks(ReadProc(pid, "stat", buffer));
    }

    /// <summary>Returns the start time, to the second.</summary>
    public static DateTimeOffset? StartTime(int pid)
    {
        if (StartTicks(pid) is not { } ticks || BootTime() is not { } boot)
        {
            return null;
        }

        var ticksPerSecond = Libc.SystemConfiguration(Libc.SC_CLK_TCK);
        return boot.AddSeconds(ticks / (double)ticksPerSecond);
    }

    /// <summary>Returns whether the process is alive. A zombie, whose parent has not collected its status, is dead.</summary>
    public static bool IsAlive(int pid)
    {
        // Zero and negative numbers mean groups of processes to kill(2).
        if (pid <= 0 || (Libc.Kill(pid, 0) != 0 && Libc.LastError == Errno.ESRCH))
        {
            return false;
        }

        Span<byte> buffer = stackalloc byte[LongestStat];
        return !ProcStat.IsOver(ReadProc(pid, "stat", buffer));
    }

    /// <summary>
    /// Returns whether the process has been killed, is ending or is gone, and will never run its program again. It may still hold
    /// everything it had: the kernel frees the memory first, which takes half a second for some GB, and closes files and releases locks
    /// after that.
    /// </summary>
    public static bool IsEnding(int pid)
    {
        const ulong Exiting = 4; // PF_EXITING
        const ulong KillSignal = 9;
        Span<byte> buffer = stackalloc byte[LongestStat];

        // In this order: first the signal is pending, then the process ends. For some microseconds in between neither is visible. But the
        // exit code is, if the kernel shows it that early (from Linux 5.17 on).
        var isKilled = IsKilled(ReadProc(pid, "status", buffer));
        var stat = ReadProc(pid, "stat", buffer);
        return isKilled
            || ProcStat.State(stat) is 'Z' or 'X'

            // Hidden from this user, or this process may open no further file: then the kernel knows whether it exists.
            || (stat.IsEmpty && !IsAlive(pid))
            || (ProcStat.Flags(stat) & Exiting) is > 0
            || ProcStat.ExitCode(stat) == KillSignal;
    }

    /// <summary>Returns whether the process is stopped, by a signal or a debugger.</summary>
    public static bool IsStopped(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        return ProcStat.State(ReadProc(pid, "stat", buffer)) is 'T' or 't';
    }

    /// <summary>Returns whether it is this process or a child of it.</summary>
    public static bool IsOwnOrChild(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        return pid == Id || ProcStat.Parent(ReadProc(pid, "stat", buffer)) == (ulong)Id;
    }

    /// <summary>Returns whether the orphans among the descendants of this process become its children.</summary>
    public static unsafe bool IsSubreaper()
    {
        int isSet = 0;
        return Libc.ThreadControl(Libc.PR_GET_CHILD_SUBREAPER, (nuint)(&isSet), 0, 0, 0) == 0 && isSet != 0;
    }

    /// <summary>Returns whether it is a child of this process that has ended, and whose status no code has collected.</summary>
    public static bool IsZombieOfThis(int pid)
    {
        Span<byte> buffer = stackalloc byte[LongestStat];
        ReadOnlySpan<byte> stat = ReadProc(pid, "stat", buffer);
        return ProcStat.IsOver(stat) && ProcStat.Parent(stat) == (ulong)Id;
    }

    /// <summary>
    /// Returns whether it is a child that does not run its own program yet: until then it has its parent's command line, and all open files
    /// of its parent.
    /// </summary>
    public static bool IsBeingStarted(int pid)
    {
        Span<byte> child = stackalloc byte[LongestCommandLine];
        Span<byte> own = stackalloc byte[LongestCommandLine];
        return pid != Id && IsOwnOrChild(pid) && ReadProc(pid, "cmdline", child).SequenceEqual(ReadProc(Id, "cmdline", own));
    }

    /// <summary>Returns the process of a thread, if the thread has the given name.</summary>
    /// <param name="thread">The kernel's ID of the thread.</param>
    /// <param name="name">A name of up to 15 characters.</param>
    /// <param name="isGone">If null is returned: whether the thread is certainly gone, and not only <c>/proc</c> unreadable.</param>
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

    // SIGKILL is pending from its sending until the process gets to run and dies.
    private static bool IsKilled(ReadOnlySpan<byte> status) =>
        (PendingSignals(status, "SigPnd:\t"u8) | PendingSignals(status, "ShdPnd:\t"u8)) is var pending && (pending & (1UL << 8)) != 0;

    private static ulong PendingSignals(ReadOnlySpan<byte> status, ReadOnlySpan<byte> key)
    {
        var start = status.IndexOf(key);
        return start >= 0 && Utf8Parser.TryParse(status[(start + key.Length)..], out ulong mask, out _, 'x') ? mask : 0;
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

    /// <summary>Reads a file of <c>/proc</c>, up to the size of the buffer; empty if it cannot be read.</summary>
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
            // An error means that the process ended meanwhile (ESRCH), or is hidden from this user.
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
