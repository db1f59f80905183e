using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>counter PLACE COUNT REGION SIZE INDEX</c>: counts a countdown down again and again, also up, and waits for its zero now and then,
/// until it is killed; says <c>ready</c> when it has begun. See <see cref="Crowd"/>.
/// </summary>
internal static class CounterVerb
{
    private static readonly TimeSpan Shortly = TimeSpan.FromMilliseconds(1);

    public static async Task<int> RunAsync(string[] arguments)
    {
        using NamedCountdown countdown = LockPlaceText.Countdown(arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture));
        using SharedRegion region = SharedRegion.Open(arguments[2]);
        Crowd crowd = new(region, int.Parse(arguments[3], CultureInfo.InvariantCulture));
        int index = int.Parse(arguments[4], CultureInfo.InvariantCulture);
        for (long mine = 0; ; mine++)
        {
            int counted = 0;
            crowd.BeginChange(index);
            try
            {
                if (mine % 8 == 7 && countdown.TryAddCount())
                {
                    counted = -1;
                }
                else
                {
                    _ = countdown.Signal();
                    counted = 1;
                }
            }
            catch (InvalidOperationException)
            {
                // It has come to zero, and is about to begin anew: by another process, which needs a processor for that.
                Thread.Yield();
            }

            crowd.EndChange(index, counted);

            // Not without limit: all others may be dead. Now and then without a thread.
            _ = mine % 16 == 15 ? await countdown.TryWaitAsync(Shortly) : countdown.TryWait(Shortly);
            crowd.Come(index);
            crowd.Go(index);
            if (mine == 0)
            {
                Console.WriteLine("ready");
            }
        }
    }
}
