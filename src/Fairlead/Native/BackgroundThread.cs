namespace Fairlead.Native;

/// <summary>Starts the threads that Fairlead runs beside its callers. Each has a name, and ends with the process.</summary>
internal static class BackgroundThread
{
    /// <summary>For tests: as if the system gave the calling thread no more threads.</summary>
    [field: ThreadStatic]
    internal static bool IsDenied { get; set; }

    /// <summary>Starts a thread. Call it before the thread is announced: then nothing waits for one that the system did not give.</summary>
    /// <param name="name">As tools show it.</param>
    /// <param name="run">What it does. An exception out of it ends the process.</param>
    /// <param name="stackSize">In bytes; 0: the default.</param>
    /// <exception cref="FairleadException">Unavailable: the system gives no thread.</exception>
    public static Thread Start(string name, Action run, int stackSize = 0)
    {
        if (IsDenied)
        {
            throw Refused(name, null);
        }

        try
        {
            // Unsafe: the execution context of its first caller must not live in it to the end.
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
        $"cannot start the thread '{name}': the system gives no more threads or memory",
        "End some processes, or raise the limit (ulimit -u, pids.max of the control group).",
        cause);
}
