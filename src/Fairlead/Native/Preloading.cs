using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Fairlead.Native;

/// <summary>
/// The runtime loads an assembly when it first meets a method that needs it, and for that opens a file. In the middle of a turn, on a
/// thread that serves everybody, and with no descriptor left, that would end the process; so what this library refers to is loaded when its
/// first thread starts.
/// </summary>
internal static class Preloading
{
    private static int _hasRun;

    /// <summary>Once for the process; later calls do nothing.</summary>
    [UnconditionalSuppressMessage(
        "Trimming", "IL2026", Justification = "Where code is trimmed it was compiled beforehand, and nothing is loaded.")]
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
                // Whoever needs it meets the same error, and can say for what.
            }
        }
    }
}
