using System.Globalization;

namespace Fairlead.Cli.Tests.Running;

/// <summary>Reads from <c>/proc</c> the children of a process, zombies included, and its open descriptors.</summary>
internal static class ProcessTree
{
    public static int[] ChildrenOf(int process) =>
    [
        .. Directory
            .EnumerateDirectories("/proc")
            .Select(static folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id != 0 && ParentOf(id) == process),
    ];

    public static int DescriptorsOf(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    private static int? ParentOf(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
