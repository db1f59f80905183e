using System.Runtime.CompilerServices;

namespace Fairlead.Tests;

/// <summary>
/// Gives the test process, and the processes that it starts, a private runtime directory with a short path, removed when the process ends.
/// </summary>
internal static class PrivateDirectories
{
    /// <summary>The directory for socket files by path.</summary>
    public static string Sockets { get; private set; } = "";

    /// <summary>
    /// The directory for logs by path: on the disk, like the files of real logs. FAIRLEAD_DISK names such a directory on machines whose
    /// temporary files are in memory.
    /// </summary>
    public static string Logs { get; private set; } = "";

    [ModuleInitializer]
    internal static void Make()
    {
        var root = Directory.CreateTempSubdirectory("fl-").FullName;
        Sockets = Directory.CreateDirectory($"{root}/s").FullName;
        string logs = Environment.GetEnvironmentVariable("FAIRLEAD_DISK") is { Length: > 0 } disk
            ? $"{disk}/l{Environment.ProcessId}"
            : $"{root}/l";
        Logs = Directory.CreateDirectory(logs).FullName;
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", root);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Directory.Delete(logs, recursive: true);
            Directory.Delete(root, recursive: true);
        };
    }
}
