using System.Runtime.CompilerServices;

namespace Fairlead.Hosting.Tests;

/// <summary>Gives the test process a private runtime directory, which is removed when the process ends.</summary>
internal static class PrivateDirectories
{
    [ModuleInitializer]
    internal static void Make()
    {
        string root = Directory.CreateTempSubdirectory("fl-").FullName;
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", root);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
    }
}
