using System.ComponentModel;
using System.Diagnostics;

namespace Fairlead.Tests;

/// <summary>A test with a process in a pid namespace of its own, skipped where none may be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PidNamespaceFactAttribute : FactAttribute
{
    // As an ordinary user only inside a user namespace, where that is allowed.
    private static readonly Lazy<string?> Found = new(static () =>
        new[] { "unshare -pf --mount-proc --kill-child", "unshare -Urpf --mount-proc --kill-child" }.FirstOrDefault(IsPermitted));

    public PidNamespaceFactAttribute()
    {
        if (Found.Value is null)
        {
            Skip = "This process may not make a pid namespace (unshare -pf).";
        }
    }

    /// <summary>The command that runs a program in one, and ends it with itself.</summary>
    public static string Command => Found.Value!;

    private static bool IsPermitted(string command)
    {
        string[] words = command.Split(' ');
        try
        {
            ProcessStartInfo start = new(words[0], [.. words[1..], "true"]) { RedirectStandardError = true, RedirectStandardOutput = true };
            using var unshare = Process.Start(start)!;
            unshare.WaitForExit();
            return unshare.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            // No such program.
            return false;
        }
    }
}
