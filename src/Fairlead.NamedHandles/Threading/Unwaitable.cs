using Microsoft.Win32.SafeHandles;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// Makes the platform's own waits on a named handle fail. The platform knows the handles of the kernel or of its own runtime, and a named
/// handle is neither. Code that was compiled without this package calls the platform's static methods, and must not wait forever.
/// </summary>
internal static class Unwaitable
{
    /// <summary>Gives a handle a closed handle of the platform: the platform's waits throw <see cref="ObjectDisposedException"/>.</summary>
    public static void Mark(WaitHandle handle)
    {
        SafeWaitHandle closed = new(nint.Zero, ownsHandle: false);
        closed.Dispose();
        handle.SafeWaitHandle = closed;
    }
}
