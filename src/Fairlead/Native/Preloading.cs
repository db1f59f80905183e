using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Fairlead.Native;

/// <summary>
/// Loads the assemblies that this library refers to when its first thread starts. The runtime would otherwise load them on first use, and
/// open a file for that. In a pump iteration, on a shared thread and without a free descriptor, that would end the process.
/// </summary>
internal static class Preloading
{
    private static int _hasRun;

    /// <summary>Runs once per process; later calls do nothing.</summary>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2026", Justification = "Trimmed code was compiled beforehand, and nothing is loaded.")]
    public static void Run()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported || Interlocked.Exchange(ref _hasRun, 1) != 0)
        {
            return;
        }

        foreach (AssemblyName name in typeof(Preloading).Assembly.GetReferencedAssemblies())
        {
            try
            {
                Assembly.Load(name);
            }
            catch (Exception exception) when (exception is IOException or BadImageFormatException)
            {
                // The code that needs it gets the same error, and can say what for.
            }
        }
    }
}
