using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>mutexcount PLACE REGION INDEX</c>: increments the counter of a region under a mutex until it is over; says <c>ready</c> when it has
/// begun, and in the end <c>ok REPAIRED</c>, how often it has been told of a dead owner; or <c>error</c> where exclusion has not held. See
/// <see cref="GuardedCounter"/>.
/// </summary>
internal static class MutexCountVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var mutex = LockPlaceText.Mutex(arguments[0]);
        using var region = SharedRegion.Open(arguments[1]);
        GuardedCounter counter = new(region);
        int index = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        long deaths = 0;
        for (long mine = 0; ; mine++)
        {
            // Sometimes without a thread: both kinds of waiter stand in one queue.
            using MutexScope scope = mine % 64 == 63 ? await mutex.EnterAsync() : mutex.Enter();
            if (scope.OwnerDied)
            {
                deaths++;
                counter.Repair();
                scope.MarkConsistent();
            }

            if (counter.Problem() is { } problem)
            {
                Console.WriteLine($"error {problem}");
                return 1;
            }

            if (mine == 0)
            {
                Console.WriteLine("ready");
            }

            if (counter.IsOver)
            {
                Console.WriteLine($"ok {deaths}");
                return 0;
            }

            counter.Increment(index);
        }
    }
}
