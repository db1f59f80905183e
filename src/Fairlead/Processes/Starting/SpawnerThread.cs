using System.Collections.Concurrent;

namespace Fairlead.Processes.Starting;

/// <summary>
/// Starts the children that are tied to this process. The kernel ties a child to the *thread* that started it, so that must be one that lives as long as the process: not one of the pool's, not the caller's.
/// </summary>
internal static class SpawnerThread
{
    private static readonly Lazy<BlockingCollection<Action>> Work = new(Begin);

    /// <summary>Runs it there, and waits until it is done.</summary>
    public static T Run<T>(Func<T> start)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Value.Add(() =>
        {
            try
            {
                done.SetResult(start());
            }
            catch (Exception exception)
            {
                // The caller's, who waits for it below.
                done.SetException(exception);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    private static BlockingCollection<Action> Begin()
    {
        BlockingCollection<Action> work = [];
        new Thread(() =>
        {
            foreach (Action action in work.GetConsumingEnumerable())
            {
                action();
            }
        })
        { IsBackground = true, Name = "fairlead spawner" }.UnsafeStart();
        return work;
    }
}
