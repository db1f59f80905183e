using System.Collections.Concurrent;
using Fairlead.Native;

namespace Fairlead.Processes.Starting;

/// <summary>
/// Starts the children that are tied to this process. The kernel ties a child to the *thread* that started it, so that must be one that
/// lives as long as the process: not one of the pool's, not the caller's.
/// </summary>
internal static class SpawnerThread
{
    private static readonly RankedLock Gate = new(LockRank.SpawnerThread);
    private static BlockingCollection<Action>? _work;

    /// <summary>Runs it there, and waits until it is done.</summary>
    public static T Run<T>(Func<T> start)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Begin().Add(() =>
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
        using (Gate.Hold())
        {
            if (_work is null)
            {
                BlockingCollection<Action> work = [];
                BackgroundThread.Start("fairlead spawner", () =>
                {
                    foreach (Action action in work.GetConsumingEnumerable())
                    {
                        action();
                    }
                });

                // Not before: were the thread refused, the next caller would wait for it without end.
                _work = work;
            }

            return _work;
        }
    }
}
