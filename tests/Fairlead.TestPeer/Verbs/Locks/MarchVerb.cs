using System.Globalization;
using Fairlead.Conformance;
using Fairlead.Memory;
using Fairlead.Synchronization;

namespace Fairlead.TestPeer.Verbs.Locks;

/// <summary>
/// <c>march PLACE PARTIES REGION INDEX</c>: passes a barrier again and again, as one party and then as another, and resets it where it is
/// broken, until it is killed, or has found something wrong. See <see cref="March"/>.
/// </summary>
internal static class MarchVerb
{
    // So many phases as one party.
    private const int Stay = 20;

    private static readonly TimeSpan Shortly = TimeSpan.FromMilliseconds(1);

    public static async Task<int> RunAsync(string[] arguments)
    {
        int parties = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        using SharedRegion region = SharedRegion.Open(arguments[2]);
        March march = new(region, parties);
        int index = int.Parse(arguments[3], CultureInfo.InvariantCulture);
        march.Announce(index, null);
        while (true)
        {
            using NamedBarrier barrier = LockPlaceText.Barrier(arguments[0], parties);
            long? last = null;
            for (int i = 0; i < Stay; i++)
            {
                long phase = await PassAsync(barrier, (last ?? 0) + index);
                if (!march.Pass(index, phase, last))
                {
                    return 1;
                }

                last = phase;
                march.Announce(index, last);
            }

            // From now on as another party: no party depends on it before its first arrival.
            march.Announce(index, null);
        }
    }

    // Sometimes without a thread, and sometimes it withdraws and arrives again.
    private static async Task<long> PassAsync(NamedBarrier barrier, long turn)
    {
        while (true)
        {
            try
            {
                switch (turn % 4)
                {
                    case 0:
                        return await barrier.SignalAndWaitAsync();
                    case 1 when barrier.TrySignalAndWait(Shortly, out long phase):
                        return phase;
                    case 2 when await barrier.TrySignalAndWaitAsync(Shortly) is { } phase:
                        return phase;
                    case 3:
                        return barrier.SignalAndWait();
                    default:
                        continue;
                }
            }
            catch (FairleadException error) when (error.Code == ErrorCode.BarrierBroken)
            {
                barrier.Reset();
            }
        }
    }
}
