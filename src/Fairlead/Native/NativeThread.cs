namespace Fairlead.Native;

/// <summary>The calling thread, as the kernel knows it, and the runtime.</summary>
internal static class NativeThread
{
    [ThreadStatic]
    private static int _id;

    [ThreadStatic]
    private static int _managedId;

    /// <summary>Its number in this process's pid namespace.</summary>
    public static int Id => _id != 0 ? _id : _id = Libc.ThreadId();

    /// <summary>Its number in the runtime. To ask the runtime each time costs more than to enter a <see cref="BiasedLock"/>.</summary>
    public static int ManagedId => _managedId != 0 ? _managedId : _managedId = Environment.CurrentManagedThreadId;
}
