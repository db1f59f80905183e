namespace Fairlead.NamedHandles.Threading;

/// <summary>Signals handles of the platform, or undoes that they were taken, as their kind demands.</summary>
internal static class PlatformHandles
{
    /// <exception cref="NotSupportedException">The handle is of a kind whose taking cannot be undone.</exception>
    public static void Require(WaitHandle handle)
    {
        if (!IsKnown(handle))
        {
            throw new NotSupportedException(
                $"WaitAll of named handles and a {handle.GetType().Name} is not supported, because taking it could not be undone if "
                    + "another handle cannot be had. Wait for it alone, or use a mutex, a semaphore or an event.");
        }
    }

    /// <summary>Undoes taking a handle.</summary>
    public static void Untake(WaitHandle handle)
    {
        if (handle is not (System.Threading.ManualResetEvent or EventWaitHandle { ResetsItself: false }))
        {
            Signal(handle);
        }
    }

    /// <summary>Releases a mutex, adds one to a semaphore, or sets an event.</summary>
    /// <exception cref="ApplicationException">The calling thread does not own the mutex.</exception>
    /// <exception cref="InvalidOperationException">The semaphore is full.</exception>
    public static void Signal(WaitHandle handle)
    {
        switch (handle)
        {
            case Mutex mutex:
                mutex.ReleaseMutex();
                break;
            case System.Threading.Mutex mutex:
                mutex.ReleaseMutex();
                break;
            case Semaphore semaphore:
                Add(() => semaphore.Release());
                break;
            case System.Threading.Semaphore semaphore:
                Add(() => semaphore.Release());
                break;
            case EventWaitHandle one:
                _ = one.Set();
                break;
            case System.Threading.EventWaitHandle one:
                _ = one.Set();
                break;
            default:
                throw new NotSupportedException($"A {handle.GetType().Name} cannot be signalled: use a mutex, a semaphore or an event.");
        }
    }

    private static bool IsKnown(WaitHandle handle) =>
        handle is INamedHandle or System.Threading.Mutex or System.Threading.Semaphore or System.Threading.EventWaitHandle;

    private static void Add(Func<int> release)
    {
        try
        {
            _ = release();
        }
        catch (SemaphoreFullException e)
        {
            // As the platform reports it where a wait follows.
            throw new InvalidOperationException(e.Message, e);
        }
    }
}
