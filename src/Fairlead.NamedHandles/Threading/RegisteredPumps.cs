using System.Runtime.CompilerServices;

namespace Fairlead.NamedHandles.Threading;

/// <summary>Which registrations of the platform wait for named objects, and by which pumps.</summary>
internal static class RegisteredPumps
{
    private static readonly ConditionalWeakTable<RegisteredWaitHandle, Owner> All = [];

    /// <summary>Registers a callback for a named object.</summary>
    /// <param name="call">A call through the handle; the registration ends it.</param>
    /// <param name="callBack">The callback.</param>
    /// <param name="isOnce">Whether the registration ends with the first callback.</param>
    /// <param name="register">Registers a callback of this class for an event of this process.</param>
    /// <exception cref="NotSupportedException">It is a mutex.</exception>
    public static RegisteredWaitHandle Add(
        ObjectReference.Call call,
        WaitOrTimerCallback callBack,
        bool isOnce,
        Func<WaitHandle, WaitOrTimerCallback, RegisteredWaitHandle> register)
    {
        NamedPump? pump = null;
        try
        {
            if (call.Target is MutexObject)
            {
                throw new NotSupportedException(
                    $"A callback cannot be registered for {call.Target.Key}: a thread that is not the callback's would own it and never "
                        + "release it. Wait for it on the thread that is to own it.");
            }

            pump = new NamedPump(call, callBack, isOnce);
            RegisteredWaitHandle registered = register(pump.Relay, pump.OnRelayed);
            All.Add(registered, new Owner(pump));
            try
            {
                pump.Start();
            }
            catch
            {
                _ = registered.Unregister(null);
                throw;
            }

            return registered;
        }
        catch
        {
            pump?.Stop();
            if (pump is null)
            {
                call.Dispose();
            }
            else
            {
                pump.End();
            }

            throw;
        }
    }

    /// <summary>Ends a registration; see <see cref="RegisteredWaitHandle.Unregister"/>.</summary>
    public static bool Remove(RegisteredWaitHandle registered, WaitHandle? completed)
    {
        if (!All.TryGetValue(registered, out Owner? owner))
        {
            return registered.Unregister(completed);
        }

        // In this order: no more signals; no more callbacks; then a signal between the two is undone.
        owner.Pump.Stop();
        bool isRemoved = registered.Unregister(completed);
        owner.Pump.End();
        return isRemoved;
    }

    /// <summary>Unreachable together with the registration: code that does not know this package has ended it.</summary>
    private sealed class Owner(NamedPump pump)
    {
        ~Owner() => PoolWork.Queue(nameof(NamedPump), EndLate, Pump);

        public NamedPump Pump => pump;

        private static void EndLate(NamedPump pump)
        {
            pump.Stop();
            pump.End();
        }
    }
}
