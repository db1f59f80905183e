using System.Runtime.InteropServices;

namespace Fairlead.Native;

/// <summary>The platform that <see cref="Libc"/> is written for: Linux, in a 64-bit process.</summary>
internal static class Platform
{
    /// <summary>Throws on a platform where calls, numbers and layouts differ. Called before the first of them.</summary>
    /// <exception cref="PlatformNotSupportedException">The process does not run on Linux, or is not a 64-bit process.</exception>
    public static void Require()
    {
        if (Problem(OperatingSystem.IsLinux(), IntPtr.Size, RuntimeInformation.OSDescription) is { } problem)
        {
            throw new PlatformNotSupportedException(problem);
        }
    }

    /// <summary>Returns the message for users of an unsupported platform; null if the platform is supported.</summary>
    public static string? Problem(bool isLinux, int pointerSize, string system) =>
        !isLinux ? $"Fairlead runs on Linux only. This process runs on {system}."
        : pointerSize != 8 ? "Fairlead runs in 64-bit processes only. This process has 32 bits."
        : null;
}
