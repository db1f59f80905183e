namespace Fairlead.Native.Waiting;

/// <summary>Starts the threads that Fairlead runs beside its callers. Each has a name, and ends with the process.</summary>
/// <remarks>An exception of a body ends its thread alone, and goes to the event source.</remarks>
internal static class BackgroundThread
{
    /// <summary>For tests: the system appears to have no more threads for the calling thread.</summary>
    [field: ThreadStatic]
    internal static bool IsDenied { get; set; }

    /// <summary>Starts a thread. Call it before announcing the thread: then nothing waits for one that could not start.</summary>
    /// <param name="name">The name that tools show.</param>
    /// <param name="run">The body. It leaves the state of its owner intact, whatever it throws.</param>
    /// <param name="stackSize">The stack size in bytes; 0: the default.</param>
    /// <exception cref="FairleadException">Unavailable: the system could not start a thread.</exception>
    public static Thread Start(string name, Action run, int stackSize = 0)
    {
        if (IsDenied)
        {
            throw Refused(name, null);
        }

        try
        {
#pragma warning disable RS0030 // Here alone.
            Thread thread = new(() => Finishing.Do(name, run), stackSize) { IsBackground = true, Name = name };
#pragma warning restore RS0030

            // Unsafe: the thread must not keep the execution context of its first caller.
            thread.UnsafeStart();
            return thread;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            throw Refused(name, e);
        }
    }

    private static FairleadException Refused(string name, Exception? cause) => new(
        ErrorCode.Unavailable,
        $"cannot start the thread '{name}': the system has no threads or memory left",
        "End some processes, or raise the limit (ulimit -u, pids.max of the control group).",
        cause);
}
