namespace Fairlead.Native.Waiting;

/// <summary>The calling thread, as the kernel and the runtime know it.</summary>
internal static class NativeThread
{
    [ThreadStatic]
    private static int _id;

    [ThreadStatic]
    private static int _managedId;

    /// <summary>Its ID in this process's pid namespace.</summary>
    public static int Id => _id != 0 ? _id : _id = Libc.ThreadId();

    /// <summary>Its ID in the runtime. Reading it from the runtime each time costs more than entering a <c>BiasedLock</c>.</summary>
    public static int ManagedId => _managedId != 0 ? _managedId : _managedId = Environment.CurrentManagedThreadId;
}
