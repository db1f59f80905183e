using Fairlead.NamedHandles.Threading;

namespace Fairlead.NamedHandles;

/// <content>Callbacks that run when a handle is signalled.</content>
public static partial class NamedWaitHandles
{
    /// <summary>Registers a callback that the thread pool runs when a handle is signalled, or when the time runs out.</summary>
    /// <param name="waitObject">The handle. Not a named mutex.</param>
    /// <param name="callBack">The callback. It learns whether the time ran out.</param>
    /// <param name="state">Passed to the callback.</param>
    /// <param name="millisecondsTimeOutInterval">The time in milliseconds; -1: no limit; 0: run the callback immediately.</param>
    /// <param name="executeOnlyOnce">
    /// Whether the registration ends with the first callback. Otherwise the callback runs for each signal, and the time begins anew.
    /// </param>
    /// <returns>The registration. End it with <see cref="Unregister"/>, also if it runs only once.</returns>
    /// <exception cref="ArgumentNullException">The handle or the callback is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <exception cref="NotSupportedException">The handle is a named mutex: no callback could release it.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public static RegisteredWaitHandle RegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, int millisecondsTimeOutInterval, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) => ThreadPool.RegisterWaitForSingleObject(handle, run, state, millisecondsTimeOutInterval, executeOnlyOnce));

    /// <summary>Registers a callback that the thread pool runs when a handle is signalled, or when the time runs out.</summary>
    /// <param name="waitObject">The handle. Not a named mutex.</param>
    /// <param name="callBack">The callback. It learns whether the time ran out.</param>
    /// <param name="state">Passed to the callback.</param>
    /// <param name="millisecondsTimeOutInterval">The time in milliseconds; 4294967295: no limit; 0: run the callback immediately.</param>
    /// <param name="executeOnlyOnce">Whether the registration ends with the first callback.</param>
    /// <inheritdoc cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, int, bool)" path="/returns|/exception"/>
    public static RegisteredWaitHandle RegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, uint millisecondsTimeOutInterval, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) => ThreadPool.RegisterWaitForSingleObject(handle, run, state, millisecondsTimeOutInterval, executeOnlyOnce));

    /// <summary>Registers a callback that the thread pool runs when a handle is signalled, or when the time runs out.</summary>
    /// <param name="waitObject">The handle. Not a named mutex.</param>
    /// <param name="callBack">The callback. It learns whether the time ran out.</param>
    /// <param name="state">Passed to the callback.</param>
    /// <param name="millisecondsTimeOutInterval">The time in milliseconds; -1: no limit; 0: run the callback immediately.</param>
    /// <param name="executeOnlyOnce">Whether the registration ends with the first callback.</param>
    /// <inheritdoc cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, int, bool)" path="/returns|/exception"/>
    public static RegisteredWaitHandle RegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, long millisecondsTimeOutInterval, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) => ThreadPool.RegisterWaitForSingleObject(handle, run, state, millisecondsTimeOutInterval, executeOnlyOnce));

    /// <summary>Registers a callback that the thread pool runs when a handle is signalled, or when the time runs out.</summary>
    /// <param name="waitObject">The handle. Not a named mutex.</param>
    /// <param name="callBack">The callback. It learns whether the time ran out.</param>
    /// <param name="state">Passed to the callback.</param>
    /// <param name="timeout">The time; -1 ms: no limit; zero: run the callback immediately.</param>
    /// <param name="executeOnlyOnce">Whether the registration ends with the first callback.</param>
    /// <inheritdoc cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, int, bool)" path="/returns|/exception"/>
    public static RegisteredWaitHandle RegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, TimeSpan timeout, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) => ThreadPool.RegisterWaitForSingleObject(handle, run, state, timeout, executeOnlyOnce));

    /// <summary>Registers a callback as above, which runs without the execution context of the caller.</summary>
    /// <inheritdoc cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, int, bool)" path="/*[not(self::summary)]"/>
    public static RegisteredWaitHandle UnsafeRegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, int millisecondsTimeOutInterval, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) =>
                ThreadPool.UnsafeRegisterWaitForSingleObject(handle, run, state, millisecondsTimeOutInterval, executeOnlyOnce));

    /// <summary>Registers a callback as above, which runs without the execution context of the caller.</summary>
    /// <inheritdoc cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, uint, bool)" path="/*[not(self::summary)]"/>
    public static RegisteredWaitHandle UnsafeRegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, uint millisecondsTimeOutInterval, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) =>
                ThreadPool.UnsafeRegisterWaitForSingleObject(handle, run, state, millisecondsTimeOutInterval, executeOnlyOnce));

    /// <summary>Registers a callback as above, which runs without the execution context of the caller.</summary>
    /// <inheritdoc cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, long, bool)" path="/*[not(self::summary)]"/>
    public static RegisteredWaitHandle UnsafeRegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, long millisecondsTimeOutInterval, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) =>
                ThreadPool.UnsafeRegisterWaitForSingleObject(handle, run, state, millisecondsTimeOutInterval, executeOnlyOnce));

    /// <summary>Registers a callback as above, which runs without the execution context of the caller.</summary>
    /// <inheritdoc
    /// cref="RegisterWaitForSingleObject(WaitHandle, WaitOrTimerCallback, object, TimeSpan, bool)" path="/*[not(self::summary)]"/>
    public static RegisteredWaitHandle UnsafeRegisterWaitForSingleObject(
        WaitHandle waitObject, WaitOrTimerCallback callBack, object? state, TimeSpan timeout, bool executeOnlyOnce) =>
        Register(
            waitObject,
            callBack,
            executeOnlyOnce,
            (handle, run) => ThreadPool.UnsafeRegisterWaitForSingleObject(handle, run, state, timeout, executeOnlyOnce));

    /// <summary>Ends a registration. It takes no signal of its handle from now on.</summary>
    /// <param name="registeredWaitHandle">The registration, of this class or of the platform.</param>
    /// <param name="waitObject">The handle to signal when all callbacks have ended; null: none.</param>
    /// <returns>Whether the registration had not ended before.</returns>
    public static bool Unregister(RegisteredWaitHandle registeredWaitHandle, WaitHandle? waitObject)
    {
        ArgumentNullException.ThrowIfNull(registeredWaitHandle);
        if (waitObject is null || ReferenceOf(waitObject) is not { } reference)
        {
            return RegisteredPumps.Remove(registeredWaitHandle, waitObject);
        }

        // The platform signals an event of this process, and that one the named handle.
        System.Threading.ManualResetEvent completed = new(false);
        ObjectReference.Call call = reference.Begin();
        bool isRemoved = RegisteredPumps.Remove(registeredWaitHandle, completed);
        if (isRemoved)
        {
            _ = ThreadPool.UnsafeRegisterWaitForSingleObject(
                completed, (_, _) => Complete(call), null, Timeout.Infinite, executeOnlyOnce: true);
        }
        else
        {
            call.Dispose();
        }

        return isRemoved;
    }

    private static void Complete(ObjectReference.Call call)
    {
        using (call)
        {
            call.Target.Signal();
        }
    }

    private static RegisteredWaitHandle Register(
        WaitHandle waitObject,
        WaitOrTimerCallback callBack,
        bool isOnce,
        Func<WaitHandle, WaitOrTimerCallback, RegisteredWaitHandle> register) =>
        waitObject is null || callBack is null || ReferenceOf(waitObject) is not { } reference
            ? register(waitObject!, callBack!)
            : RegisteredPumps.Add(reference.Begin(), callBack, isOnce, register);
}
