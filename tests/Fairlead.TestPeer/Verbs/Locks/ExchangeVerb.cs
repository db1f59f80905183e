using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>exchange MUTEX FILLED EMPTIED REGION fill|empty</c>: fills a place for one thing in a region, or empties it, again and again, each
/// time telling one who waits for that; says <c>ready</c> when it has begun. The first number in the region is 1 while the place is full,
/// the second how often it was emptied.
/// </summary>
internal static class ExchangeVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedMutex mutex = LockPlaceText.Mutex(arguments[0]);
        using NamedCondition filled = LockPlaceText.Condition(arguments[1], mutex);
        using NamedCondition emptied = LockPlaceText.Condition(arguments[2], mutex);
        using SharedRegion region = SharedRegion.Open(arguments[3]);
        long wanted = arguments[4] == "fill" ? 0 : 1;
        (NamedCondition mine, NamedCondition theirs) = wanted == 0 ? (emptied, filled) : (filled, emptied);
        Console.WriteLine("ready");
        for (int i = 0; ; i++)
        {
            using MutexScope scope = mutex.Enter();
            while (true)
            {
                if (scope.OwnerDied)
                {
                    // The peer may have died between a change and its report.
                    scope.MarkConsistent();
                    filled.NotifyAll(scope);
                    emptied.NotifyAll(scope);
                }

                if (region.At<long>(0) == wanted)
                {
                    break;
                }

                // Sometimes without a thread: both kinds of waiter stand in one queue.
                _ = i % 4 == 3 ? await mine.WaitAsync(scope) : mine.Wait(scope);
            }

            region.At<long>(0) = 1 - wanted;
            region.At<long>(8) += wanted;
            theirs.Notify(scope);
        }
    }
}
