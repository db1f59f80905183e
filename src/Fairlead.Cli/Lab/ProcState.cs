using System.Globalization;

namespace Fairlead.Cli.Lab;

/// <summary>The kernel's view of a process, from <c>/proc</c>.</summary>
internal static class ProcState
{
    /// <summary>The state letter of a process: R runs, S sleeps, T is stopped, Z is a zombie; null if the process is gone.</summary>
    public static char? Of(int id) => FieldsOf($"/proc/{id}/stat") is [var state, ..] ? state[0] : null;

    /// <summary>The parent of a process; null if the process is gone.</summary>
    public static int? ParentOf(int id) =>
        FieldsOf($"/proc/{id}/stat") is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : null;

    /// <summary>The process group of a process; null if the process is gone.</summary>
    public static int? GroupOf(int id) => NumberOf(id, 2);

    /// <summary>The process group that has the foreground of its terminal; null if the process is gone.</summary>
    public static int? ForegroundOf(int id) => NumberOf(id, 5);

    /// <summary>The children of a process.</summary>
    public static int[] ChildrenOf(int id) =>
    [
        .. Directory
            .EnumerateDirectories("/proc")
            .Select(static folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int each) ? each : 0)
            .Where(each => each != 0 && ParentOf(each) == id)
            .Order(),
    ];

    /// <summary>The name of the program that a process runs; null if the process is gone.</summary>
    public static string? CommandOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/comm").TrimEnd();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The thread on which this is called, as the other members take it.</summary>
    public static int Thread()
    {
        // The link reads PID/task/TID. Not the thread's name: a runtime need not tell that to the kernel.
        string self = Path.GetFileName(File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName);
        return int.Parse(self, CultureInfo.InvariantCulture);
    }

    /// <summary>The state of a thread; null if it has ended.</summary>
    public static ThreadState? OfThread(int id, int thread)
    {
        try
        {
            string task = $"/proc/{id}/task/{thread}";
            if (FieldsOf($"{task}/stat") is [var state, ..])
            {
                string switches = File
                    .ReadLines($"{task}/status")
                    .First(static line => line.StartsWith("voluntary", StringComparison.Ordinal));
                return new ThreadState(state[0], File.ReadAllText($"{task}/wchan").Trim('0', '\n'), switches);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process or the thread has ended meanwhile.
        }

        return null;
    }

    private static int? NumberOf(int id, int field) =>
        FieldsOf($"/proc/{id}/stat") is { } fields ? int.Parse(fields[field], CultureInfo.InvariantCulture) : null;

    /// <summary>Returns the fields behind the command's name, which may contain spaces.</summary>
    private static string[]? FieldsOf(string path)
    {
        try
        {
            string stat = File.ReadAllText(path);
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>The kernel's view of a thread. Two equal ones show that it has not run in between.</summary>
/// <param name="State">The state letter.</param>
/// <param name="Function">The kernel function in which it sleeps; empty if the kernel hides it.</param>
/// <param name="Switches">How often it has gone to sleep by itself.</param>
internal sealed record ThreadState(char State, string Function, string Switches);
