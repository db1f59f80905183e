using System.Collections.Concurrent;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Processes;

/// <summary>
/// The signals that the process was started with blocked. Each thread has its own mask, and the threads of the runtime keep the one that
/// the process began with: nothing can block a signal in all of them later. To let a signal through, one dedicated thread is enough.
/// </summary>
internal static class BlockedSignals
{
    private static readonly RankedLock Gate = new(LockRank.BlockedSignals);
    private static readonly HashSet<Signal> Unblocked = [];
    private static readonly Dictionary<Signal, object> Claims = [];

    // The thread that lets signals through, started on first use; its ID is known when it has run its first order.
    private static readonly BlockingCollection<Action> Orders = [];
    private static int _thread;

    /// <summary>Returns whether the signal is blocked in all threads.</summary>
    public static bool Contains(Signal signal)
    {
        using (Gate.Hold())
        {
            return signal.Number != 0 && !Unblocked.Contains(signal) && SignalMasks.AreAllBlocked(signal.Number, _thread);
        }
    }

    /// <summary>
    /// Claims a signal for one listener, which reads it from the kernel; false if the signal is not blocked. <see cref="Release"/> gives it
    /// back.
    /// </summary>
    public static bool TryClaim(Signal signal, object listener)
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
                    $"another listener in this process has {signal}, which is blocked: only one listener gets each",
                    "Listen once, and hand the signals on");
        }
    }

    public static void Release(Signal signal, object listener)
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
                    $"{signal} cannot be blocked in a running .NET process: threads of the runtime would still receive it, "
                        + "and it would end the process",
                    "Start the program with the signal blocked, by fairlead spawn --block, "
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
                throw new InvalidOperationException($"A listener gets {signal} while it is blocked. End the listener first.");
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
            // The thread runs to the end of the process: the signals it lets through must find it.
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
            catch (Exception exception)
            {
                // Hand it to the caller, which waits below.
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
