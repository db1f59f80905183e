namespace Fairlead.Native;

/// <summary>The calling thread, as the kernel knows it.</summary>
internal static class NativeThread
{
    [ThreadStatic]
    private static int _id;

    /// <summary>Its number in this process's pid namespace.</summary>
    public static int Id => _id != 0 ? _id : _id = Libc.ThreadId();
}
