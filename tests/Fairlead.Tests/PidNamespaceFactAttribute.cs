using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

/// <summary>A test with a process in a separate pid namespace, skipped if none may be created.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PidNamespaceFactAttribute : FactAttribute
{
    // An ordinary user needs a user namespace, if that is allowed.
    private static readonly Lazy<string?> Found = new(static () =>
        new[] { "unshare -pf --mount-proc --kill-child", "unshare -Urpf --mount-proc --kill-child" }.FirstOrDefault(IsPermitted));

    public PidNamespaceFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        if (Found.Value is null)
        {
            Skip = "This process may not make a pid namespace (unshare -pf).";
        }
    }

    /// <summary>The command that runs a program in a new pid namespace, and whose end ends the program.</summary>
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
