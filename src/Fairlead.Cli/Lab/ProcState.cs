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

    /// <summary>The state of the thread that plays a role.</summary>
    public static RoleState? OfRole(int id)
    {
        try
        {
            foreach (string task in Directory.EnumerateDirectories($"/proc/{id}/task"))
            {
                if (File.ReadAllText($"{task}/comm").TrimEnd() == Role.ThreadName && FieldsOf($"{task}/stat") is [var state, ..])
                {
                    string switches = File
                        .ReadLines($"{task}/status")
                        .First(static line => line.StartsWith("voluntary", StringComparison.Ordinal));
                    return new RoleState(state[0], File.ReadAllText($"{task}/wchan").Trim('0', '\n'), switches);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The process or the thread has ended meanwhile.
        }

        return null;
    }

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

/// <summary>The kernel's view of the thread that plays a role. Two equal ones show that it has not run in between.</summary>
/// <param name="State">The state letter.</param>
/// <param name="Function">The kernel function in which it sleeps; empty if the kernel hides it.</param>
/// <param name="Switches">How often it has gone to sleep by itself.</param>
internal sealed record RoleState(char State, string Function, string Switches);
