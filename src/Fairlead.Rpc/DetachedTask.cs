namespace Fairlead.Rpc;

/// <summary>Starts tasks that outlast the call that starts them, without the execution context of its caller.</summary>
/// <remarks>
/// Otherwise the caller's <c>AsyncLocal</c> values would be visible to each call of a service, and stay in memory until the server ends.
/// </remarks>
internal static class DetachedTask
{
    /// <summary>Runs the work on the thread pool.</summary>
    public static Task Run(Func<Task> work) => Start(() => Task.Run(work));

    /// <summary>Runs the work on a new thread.</summary>
    public static Task RunOnThread(Action work) => Start(
        () => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    /// <summary>Calls a method that starts tasks and itself reads no <c>AsyncLocal</c>.</summary>
    /// <param name="start">The method. Code after its first await may run in any context.</param>
    public static T Start<T>(Func<T> start)
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return start();
        }

        using (ExecutionContext.SuppressFlow())
        {
            return start();
        }
    }
}
