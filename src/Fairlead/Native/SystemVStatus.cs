using System.Globalization;

namespace Fairlead.Native;

/// <summary>
/// A line of the kernel's table of System V segments. The kernel's structure differs between architectures, the table does not.
/// </summary>
internal readonly record struct SystemVStatus(
    int Key,
    int Id,
    uint Mode,
    long Size,
    int Creator,
    int Last,
    long Attached,
    uint User,
    uint Group,
    uint CreatorUser,
    uint CreatorGroup,
    long AttachTime,
    long DetachTime,
    long ChangeTime)
{
    private const string Table = "/proc/sysvipc/shm";

    // key shmid perms size cpid lpid nattch uid gid cuid cgid atime dtime ctime …
    private const int Columns = 14;

    /// <summary>Returns all segments of this IPC namespace; null if <c>/proc</c> does not show them.</summary>
    public static List<SystemVStatus>? ReadAll()
    {
        try
        {
            List<SystemVStatus> all = [];
            foreach (string line in File.ReadLines(Table).Skip(1))
            {
                if (Parse(line) is { } status)
                {
                    all.Add(status);
                }
            }

            return all;
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static SystemVStatus? Parse(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length < Columns
            ? null
            : new SystemVStatus(
                (int)Number(0),
                (int)Number(1),
                Convert.ToUInt32(words[2], 8),
                Number(3),
                (int)Number(4),
                (int)Number(5),
                Number(6),
                (uint)Number(7),
                (uint)Number(8),
                (uint)Number(9),
                (uint)Number(10),
                Number(11),
                Number(12),
                Number(13));

        long Number(int column) => long.Parse(words[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
    }
}
