using System.Runtime.CompilerServices;

namespace Fairlead.Docs.Tests;

/// <summary>
/// Gives the test process a runtime directory: the snippets use names that a developer's own programs may use, and remove them.
/// </summary>
internal static class PrivateDirectories
{
    [ModuleInitializer]
    internal static void Make()
    {
        string root = Directory.CreateTempSubdirectory("fl-").FullName;
        string run = Directory
            .CreateDirectory($"{root}/run", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)
            .FullName;
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", run);
        Environment.SetEnvironmentVariable("XDG_STATE_HOME", $"{root}/state");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
    }
}
