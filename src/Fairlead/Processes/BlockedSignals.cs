using System.Collections.Concurrent;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// The signals that the process was started with blocked. Every thread has a mask of its own, and those of the runtime have the one that
/// the process began with: nothing can be blocked in all of them afterwards. To let one through, a single thread is enough, which does
/// nothing else.
/// </summary>
internal static class BlockedSignals
{
    private static readonly RankedLock Gate = new(LockRank.BlockedSignals);
    private static readonly HashSet<Signal> Unblocked = [];
    private static readonly Dictionary<Signal, SignalListener> Claims = [];

    // The thread that lets signals through, from the first on; its number is known when it has answered once.
    private static readonly BlockingCollection<Action> Orders = [];
    private static int _thread;

    /// <summary>Whether it is blocked in all threads.</summary>
    public static bool Contains(Signal signal)
    {
        using (Gate.Hold())
        {
            return signal.Number != 0 && !Unblocked.Contains(signal) && SignalMasks.AreAllBlocked(signal.Number, _thread);
        }
    }

    /// <summary>
    /// Takes a signal for one listener, which reads it from the kernel; false where it is not blocked. Given back by <see cref="Release"/>.
    /// </summary>
    public static bool TryClaim(Signal signal, SignalListener listener)
    {
        using (Gate.Hold())
        {
            if (!Contains(signal))
            {
                return false;
            }

            return Claims.TryAdd(signal, listener)
                ? true
                : throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    $"somebody in this process listens to {signal}, which is blocked: each goes to one",
                    "Listen once, and hand on what comes");
        }
    }

    public static void Release(Signal signal, SignalListener listener)
    {
        using (Gate.Hold())
        {
            if (Claims.GetValueOrDefault(signal) == listener)
            {
                Claims.Remove(signal);
            }
        }
    }

    public static void Block(Signal signal)
    {
        SignalDispositions.RequireCatchable(signal);
        using (Gate.Hold())
        {
            if (Unblocked.Contains(signal))
            {
                Order(() => NativeSignal.SetBlocked(signal.Number, isBlocked: true));
                Unblocked.Remove(signal);
            }
            else if (!Contains(signal))
            {
                throw new FairleadException(
                    ErrorCode.NotSupported,
                    $"{signal} cannot be blocked in a .NET process that runs: threads of the runtime would receive it all the same, "
                        + "and it would end the process",
                    "Start the program with it blocked, by fairlead spawn --block, "
                        + "ChildProcessOptions.BlockedSignals or env --block-signal; or listen to it, or ignore it");
            }
        }
    }

    public static void Unblock(Signal signal)
    {
        SignalDispositions.RequireCatchable(signal);
        using (Gate.Hold())
        {
            if (Claims.ContainsKey(signal))
            {
                throw new InvalidOperationException($"Somebody listens to {signal}, and gets it while it is blocked. End that first.");
            }

            if (Contains(signal))
            {
                Order(() => NativeSignal.SetBlocked(signal.Number, isBlocked: false));
                Unblocked.Add(signal);
            }
        }
    }

    private static void Order(Action change)
    {
        if (_thread == 0)
        {
            // To the end of the process: what it lets through must find it.
            BackgroundThread.Start("fairlead signals", Run);
        }

        TaskCompletionSource done = new();
        Orders.Add(() =>
        {
            _thread = Libc.ThreadId();
            try
            {
                change();
                done.SetResult();
            }
            catch (FairleadException exception)
            {
                done.SetException(exception);
            }
        });
        done.Task.GetAwaiter().GetResult();
    }

    private static void Run()
    {
        foreach (Action order in Orders.GetConsumingEnumerable())
        {
            order();
        }
    }
}
