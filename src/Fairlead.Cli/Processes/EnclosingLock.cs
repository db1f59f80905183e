using System.Text;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>
/// The <c>fairlead lock</c> or <c>fairlead semaphore</c> whose command a process runs in. That one has entered for the command and leaves
/// when the command has ended, and therefore waits for what the command waits for; no other process can see that. A variable, which the
/// command inherits and passes on, identifies it.
/// </summary>
internal static class EnclosingLock
{
    public const string Variable = "FAIRLEAD_LOCKED_BY";

    /// <summary>Returns all that a process runs in, innermost first; none if it is hidden.</summary>
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
            // It has ended, or runs as another user now.
            return null;
        }
    }
}
