using System.Collections.Concurrent;
using Fairlead.Native;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// Watches the processes on which those of this process wait. Nearly always the kernel has marked the words of a process long before it is
/// gone. But its threads end in any order: one may take a word when its keeper has ended already, and one that was asleep may get the only
/// wake-up that the kernel sends. So whoever sleeps on a word has its owner's process watched, by one descriptor for each, and looks again
/// when it is gone.
/// </summary>
internal sealed class KeeperWatch : IReactorClient
{
    // A process has a number of its own for each of its keepers.
    private static readonly ConcurrentDictionary<uint, KeeperWatch> Watched = new();
    private static int _ended;

    private readonly RankedLock _gate = new(LockRank.KeeperWatch);
    private readonly uint _keeper;
    private readonly Descriptor _process;
    private Registration? _registration;

    private KeeperWatch(uint keeper, Descriptor process)
    {
        _keeper = keeper;
        _process = process;
    }

    /// <summary>
    /// How many have ended that were watched. Read before <see cref="IsGone"/>: who is about to sleep does not if it has changed since.
    /// </summary>
    public static int Ended => Volatile.Read(ref _ended);

    /// <summary>Whether the keeper of that number has ended; if not, its process is watched from now on.</summary>
    public static bool IsGone(uint keeper)
    {
        if (RobustKeeper.IsOwn(keeper) || Watched.ContainsKey(keeper))
        {
            return false;
        }

        if (NativeProcess.OfThread((int)keeper, RobustKeeper.ThreadName, out bool isGone) is not { } process)
        {
            return isGone;
        }

        Watch(keeper, process);
        return false;
    }

    // It may have ended before, and its number been given out again by the time that the descriptor is opened: so it is looked at once
    // more.
    private static void Watch(uint keeper, int process)
    {
        if (ProcessDescriptor.Open(process, out _) is not { } descriptor)
        {
            // No descriptors left: the kernel's marks are all there is, which is nearly always enough.
            return;
        }

        KeeperWatch watch = new(keeper, descriptor);
        if (NativeProcess.OfThread((int)keeper, RobustKeeper.ThreadName, out _) != process || !Watched.TryAdd(keeper, watch))
        {
            descriptor.Dispose();
            return;
        }

        using (watch._gate.Hold())
        {
            try
            {
                watch._registration = Reactor.Shared.Register(descriptor, watch);
                _ = watch._registration.Arm(PollEvents.Read);
            }
            catch (FairleadException)
            {
                // As above. The next who waits for it tries again.
                _ = Watched.TryRemove(new(keeper, watch));
                descriptor.Dispose();
            }
        }
    }

    void IReactorClient.OnReady(PollEvents events)
    {
        using (_gate.Hold())
        {
            if (!Watched.TryRemove(new(_keeper, this)))
            {
                return;
            }

            _registration!.Dispose();
            _process.Dispose();
        }

        // First counted, then woken: who is not asleep by then does not fall asleep.
        Interlocked.Increment(ref _ended);
        Sleep.WakeAll();
        TurnThreads.Shared.WakeAll();
    }
}
