using System.Collections.Concurrent;
using Fairlead.Native.Waiting;

namespace Fairlead.Processes.Starting;

/// <summary>
/// Starts the children that are tied to this process. The kernel ties a child to the *thread* that started it. That thread must live as
/// long as the process: neither a pool thread nor the caller's will do.
/// </summary>
internal static class SpawnerThread
{
    private static readonly RankedLock Gate = new(LockRank.SpawnerThread);
    private static BlockingCollection<Action>? _work;

    /// <summary>Runs a function on that thread, and blocks until it is done.</summary>
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
                // Hand it to the caller, which waits below.
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

                // Not earlier: if the thread could not start, the next caller would wait for it without end.
                _work = work;
            }

            return _work;
        }
    }
}
