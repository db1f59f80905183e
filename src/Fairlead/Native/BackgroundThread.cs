namespace Fairlead.Native;

/// <summary>Starts the threads that Fairlead runs beside its callers. Each has a name, and ends with the process.</summary>
internal static class BackgroundThread
{
    /// <summary>For tests: the system appears to have no more threads for the calling thread.</summary>
    [field: ThreadStatic]
    internal static bool IsDenied { get; set; }

    /// <summary>Starts a thread. Call it before announcing the thread: then nothing waits for one that could not start.</summary>
    /// <param name="name">The name that tools show.</param>
    /// <param name="run">The body. An exception that it throws ends the process.</param>
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
            // Unsafe: the thread must not keep the execution context of its first caller.
            Thread thread = new(run.Invoke, stackSize) { IsBackground = true, Name = name };
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
