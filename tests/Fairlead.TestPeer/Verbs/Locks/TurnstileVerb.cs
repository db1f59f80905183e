using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>turnstile PLACE REGION SIZE INDEX</c>: waits for an event that resets itself, counts, and sets it for the next one, until it is over.
/// See <see cref="Crowd"/>.
/// </summary>
internal static class TurnstileVerb
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedEvent signal = LockPlaceText.Event(arguments[0], EventResetMode.AutoReset);
        using SharedRegion region = SharedRegion.Open(arguments[1]);
        Crowd crowd = new(region, int.Parse(arguments[2], CultureInfo.InvariantCulture));
        int index = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        for (long mine = 0; !crowd.IsOver; mine++)
        {
            // Sometimes without a thread: both kinds of waiter stand in one queue.
            if (mine % 16 == 15)
            {
                await signal.WaitAsync();
            }
            else
            {
                signal.Wait();
            }

            crowd.Come(index);
            crowd.Go(index);
            signal.Set();
        }

        return 0;
    }
}
