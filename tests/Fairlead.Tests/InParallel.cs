using System.Collections.Concurrent;

namespace Fairlead.Tests;

/// <summary>Runs a body on dedicated threads, all at once, which the thread pool does not guarantee.</summary>
internal static class InParallel
{
    /// <summary>Waits for all threads; throws their exceptions as one.</summary>
    public static void Run(int threads, Action<int> body)
    {
        var failures = new ConcurrentQueue<Exception>();
        var running = Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            try
            {
                body(index);
            }
            catch (Exception failure)
            {
                failures.Enqueue(failure);
            }
        })).ToArray();
        Array.ForEach(running, thread => thread.Start());
        Array.ForEach(running, thread => thread.Join());
        if (!failures.IsEmpty)
        {
            throw new AggregateException(failures);
        }
    }
}
