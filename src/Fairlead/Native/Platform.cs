using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>What <see cref="Libc"/> is written for: Linux, in a process of 64 bits.</summary>
internal static class Platform
{
    /// <summary>Throws where calls, numbers and layouts would be others. Before the first of them.</summary>
    /// <exception cref="PlatformNotSupportedException">The process does not run on Linux, or has no 64 bits.</exception>
    public static void Require()
    {
        if (Problem(OperatingSystem.IsLinux(), IntPtr.Size, RuntimeInformation.OSDescription) is { } problem)
        {
            throw new PlatformNotSupportedException(problem);
        }
    }

    /// <summary>Returns what users of an unsupported platform are told; null where all is well.</summary>
    public static string? Problem(bool isLinux, int pointerSize, string system) =>
        !isLinux ? $"Fairlead runs on Linux only. This process runs on {system}."
        : pointerSize != 8 ? "Fairlead runs in 64-bit processes only. This process has 32 bits."
        : null;
}
