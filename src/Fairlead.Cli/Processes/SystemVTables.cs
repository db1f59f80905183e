using System.Globalization;
using Fairlead.Cli.Output;
using Fairlead.Memory;

namespace Fairlead.Cli.Processes;

/// <summary>The System V objects of this machine, as the kernel lists them in <c>/proc/sysvipc</c>.</summary>
internal static class SystemVTables
{
    private const string Folder = "/proc/sysvipc";

    /// <summary>Returns the segments, the sets of semaphores, and the message queues.</summary>
    /// <exception cref="ToolException">The kernel's tables are not visible.</exception>
    public static IEnumerable<SystemVLine> Read() =>
        [.. SharedRegion.SystemVSegments().Select(OfSegment), .. Rows("sem").Select(OfSemaphores), .. Rows("msg").Select(OfQueue)];

    /// <summary>Reads a row of <c>/proc/sysvipc/sem</c>: key semid perms nsems uid gid cuid cgid otime ctime.</summary>
    public static SystemVLine OfSemaphores(long[] row) => new()
    {
        Kind = "semaphores",
        Key = KeyOf(row[0]),
        Id = (int)row[1],
        Mode = ModeOf(row[2]),
        Semaphores = row[3],
        Owner = (uint)row[4],
        Group = (uint)row[5],
        Creator = (uint)row[6],
        UsedAt = TimeOf(row[8]),
        ChangedAt = DateTimeOffset.FromUnixTimeSeconds(row[9]),
    };

    /// <summary>
    /// Reads a row of <c>/proc/sysvipc/msg</c>: key msqid perms cbytes qnum lspid lrpid uid gid cuid cgid stime rtime ctime.
    /// </summary>
    public static SystemVLine OfQueue(long[] row) => new()
    {
        Kind = "queue",
        Key = KeyOf(row[0]),
        Id = (int)row[1],
        Mode = ModeOf(row[2]),
        Bytes = row[3],
        Messages = row[4],
        LastSenderPid = PidOf(row[5]),
        LastReceiverPid = PidOf(row[6]),
        Owner = (uint)row[7],
        Group = (uint)row[8],
        Creator = (uint)row[9],
        UsedAt = TimeOf(Math.Max(row[11], row[12])),
        ChangedAt = DateTimeOffset.FromUnixTimeSeconds(row[13]),
    };

    private static SystemVLine OfSegment(SystemVInfo segment) => new()
    {
        Kind = "segment",
        Key = segment.Key == 0 ? null : KeyOf(segment.Key),
        Id = segment.Id,
        Mode = Convert.ToString((int)segment.Mode, 8).PadLeft(3, '0'),
        Bytes = segment.Size,
        Attached = segment.AttachedCount,
        Owner = segment.OwnerUserId,
        Group = segment.OwnerGroupId,
        Creator = segment.CreatorUserId,
        CreatorPid = segment.CreatorProcessId,
        LastPid = segment.LastProcessId,
        Removed = segment.IsRemoved,
        UsedAt = segment.AttachedAt > segment.DetachedAt || segment.DetachedAt is null ? segment.AttachedAt : segment.DetachedAt,
        ChangedAt = segment.ChangedAt,
    };

    private static IEnumerable<long[]> Rows(string table)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines($"{Folder}/{table}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ToolException(
                ExitCode.Failure,
                $"the System V objects cannot be listed: {Folder}/{table} cannot be read. This process must be able to read {Folder}");
        }

        return lines.Skip(1).Select(static line => Array.ConvertAll(
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            static word => long.Parse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)));
    }

    private static string? KeyOf(long key) => key == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"0x{(uint)key:x}");

    // The table has octal digits, which were read as decimal ones.
    private static string ModeOf(long digits) => (digits % 1000).ToString("000", CultureInfo.InvariantCulture);

    private static int? PidOf(long pid) => pid == 0 ? null : (int)pid;

    private static DateTimeOffset? TimeOf(long seconds) => seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(seconds);
}
