namespace Fairlead;

/// <summary>Queues Fairlead's own work to the thread pool and contains its exceptions.</summary>
/// <remarks>No caller waits for such work, and on the pool an exception ends the process.</remarks>
internal static class PoolWork
{
    /// <summary>Queues a call. Any thread, with any locks held.</summary>
    /// <param name="what">The object that the work belongs to, for the event of an exception.</param>
    /// <param name="work">The call.</param>
    /// <param name="state">Its argument.</param>
    public static void Queue<T>(string what, Action<T> work, T state)
    {
#pragma warning disable RS0030 // Here alone.
        ThreadPool.UnsafeQueueUserWorkItem(Run, new Item<T>(what, work, state), preferLocal: false);
#pragma warning restore RS0030
    }

    /// <summary>Queues an object that is its own work item. Its <c>Execute</c> contains its exceptions itself.</summary>
    public static void Queue(IContainedWork work)
    {
#pragma warning disable RS0030 // Here alone.
        ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);
#pragma warning restore RS0030
    }

    /// <summary>Starts a task that outlasts its caller, without the execution context of the caller.</summary>
    public static Task Start(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return Task.Run(work, CancellationToken.None);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(work, CancellationToken.None);
        }
    }

    private static void Run<T>(Item<T> item) => Finishing.Do(item.What, item.Work, item.State);

    private readonly record struct Item<T>(string What, Action<T> Work, T State);
}

/// <summary>A work item of the pool that contains the exceptions of its work.</summary>
internal interface IContainedWork : IThreadPoolWorkItem;
