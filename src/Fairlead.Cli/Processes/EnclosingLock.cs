using System.Text;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>
/// The <c>fairlead lock</c>, or <c>fairlead semaphore</c>, in whose command a process runs. It has entered for the command and leaves when
/// this has ended, so that it waits for what the command waits for; nobody else can see that. Known by a variable that the command is given
/// and hands on.
/// </summary>
internal static class EnclosingLock
{
    public const string Variable = "FAIRLEAD_LOCKED_BY";

    /// <summary>All that a process runs in, from the inside out; none where it is not to be seen.</summary>
    public static IReadOnlyList<int> Of(int processId)
    {
        List<int> around = [];
        while (Around(processId) is { } next && next.IsAlive && !around.Contains(next.ProcessId))
        {
            around.Add(next.ProcessId);
            processId = next.ProcessId;
        }

        return around;
    }

    private static ProcessIdentity? Around(int processId)
    {
        try
        {
            var variables = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{processId}/environ")).Split('\0');
            var value = variables.FirstOrDefault(static variable => variable.StartsWith(Variable + "=", StringComparison.Ordinal));
            return ProcessIdentity.TryParse(value?[(Variable.Length + 1)..], out var identity) ? identity : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has ended, or has become another user's.
            return null;
        }
    }
}
