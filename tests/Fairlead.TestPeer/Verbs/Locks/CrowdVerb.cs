using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>crowd PLACE PERMITS MAXIMUM REGION SIZE INDEX</c>: enters a semaphore again and again until it is over; says <c>ready</c> when it has
/// begun, and <c>ok</c> in the end; or <c>error</c> where more are inside than PERMITS. See <see cref="Crowd"/>.
/// </summary>
internal static class CrowdVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        int Number(int at) => int.Parse(arguments[at], CultureInfo.InvariantCulture);
        int permits = Number(1);
        using NamedSemaphore semaphore = LockPlaceText.Semaphore(arguments[0], permits, Number(2));
        using SharedRegion region = SharedRegion.Open(arguments[3]);
        Crowd crowd = new(region, Number(4));
        int index = Number(5);
        for (long mine = 0; ; mine++)
        {
            // Sometimes without a thread: both kinds of waiter stand in one queue.
            using SemaphoreScope scope = mine % 16 == 15 ? await semaphore.EnterAsync() : semaphore.Enter();
            crowd.Come(index);
            int inside = crowd.Count();
            if (inside > permits)
            {
                Console.WriteLine($"error {inside} are inside");
                return 1;
            }

            if (mine == 0)
            {
                Console.WriteLine("ready");
            }

            crowd.Go(index);
            if (crowd.IsOver)
            {
                Console.WriteLine("ok");
                return 0;
            }
        }
    }
}
