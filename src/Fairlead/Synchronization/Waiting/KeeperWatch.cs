using System.Collections.Concurrent;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Synchronization.Waiting;

/// <summary>
/// Watches the processes that this process waits for. Nearly always the kernel marks the words of a process long before it is gone. But the
/// threads of a process end in any order. A thread may take a word when its owner thread has already ended, and a thread that was asleep
/// may get the only wake-up that the kernel sends. Therefore a sleeper watches the process of the owner, by one descriptor each, and
/// checks again when that process is gone.
/// </summary>
internal sealed class KeeperWatch : IReactorClient
{
    /// <summary>How long a waiter sleeps before it checks owners that no process of its pid namespace can watch.</summary>
    public static readonly TimeSpan MixedSleep = TimeSpan.FromMilliseconds(250);

    // A process has a separate number for each of its owner threads.
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
    /// The number of watched processes that have ended. Read it before <see cref="IsGone"/>: a caller about to sleep does not if it has
    /// changed.
    /// </summary>
    public static int Ended => Volatile.Read(ref _ended);

    /// <summary>Returns whether the owner thread with that number has ended; if not, watches its process from now on.</summary>
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

    // The process may have ended before, and the kernel may have reused its number by the time the descriptor is open. So check once more.
    private static void Watch(uint keeper, int process)
    {
        if (ProcessDescriptor.Open(process, out _) is not { } descriptor)
        {
            // No descriptors left: only the kernel's marks remain, which are nearly always enough.
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
                // As above. The next waiter tries again.
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

        // Count first, then wake: a thread that is not asleep yet sees the new count and does not fall asleep.
        Interlocked.Increment(ref _ended);
        Sleep.WakeAll();
        TurnThreads.Shared.WakeAll();
    }
}
