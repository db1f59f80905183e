using System.Runtime.CompilerServices;

namespace Fairlead.NamedHandles.Tests.Places;

/// <summary>Gives the test process, and the processes that it starts, a runtime directory of their own, removed at the end.</summary>
internal static class PrivateRuntime
{
    private static int _count;

    /// <summary>A directory for the files of tests.</summary>
    public static string Files { get; private set; } = "";

    /// <summary>The runtime directory of Fairlead.</summary>
    public static string Folder { get; private set; } = "";

    /// <summary>Returns a name that no other test uses.</summary>
    public static string NewName([CallerMemberName] string test = "") => $"{test} {Interlocked.Increment(ref _count)}";

    [ModuleInitializer]
    internal static void Make()
    {
        string root = Directory.CreateTempSubdirectory("fl-").FullName;
        Files = Directory.CreateDirectory($"{root}/files").FullName;
        Folder = $"{root}/fairlead";
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", root);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(root, recursive: true);
    }
}
