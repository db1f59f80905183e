using Fairlead.NamedHandles.Threading;

namespace Fairlead.NamedHandles;

/// <summary>
/// The static methods of <see cref="WaitHandle"/> and of <see cref="ThreadPool"/> that wait, for handles of this package and of the
/// platform in one call. A program does not need to name this class: the package redirects its calls of the platform's methods here.
/// </summary>
/// <remarks>
/// If no handle of a call is a named one of this package, the call is the platform's. The values of <c>exitContext</c> have no effect, as
/// on the platform.
/// </remarks>
public static partial class NamedWaitHandles
{
    // The platform's limit.
    private const int MostHandles = 64;

    /// <summary>Blocks until one of the handles is signalled, and takes that one.</summary>
    /// <param name="waitHandles">The handles, 1 to 64. If several are signalled, the first one in the array is taken.</param>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <returns>The index of the handle, or <see cref="WaitHandle.WaitTimeout"/>.</returns>
    /// <exception cref="ArgumentException">The array is empty.</exception>
    /// <exception cref="ArgumentNullException">The array or one of the handles is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <exception cref="NotSupportedException">There are more than 64 handles.</exception>
    /// <exception cref="ObjectDisposedException">A handle is disposed.</exception>
    /// <exception cref="AbandonedMutexException">
    /// The handle is a mutex whose owner ended without releasing it. The caller owns the mutex. The exception has the index of the mutex;
    /// its <see cref="AbandonedMutexException.Mutex"/> is null for a mutex of this package.
    /// </exception>
    /// <exception cref="System.Threading.ThreadInterruptedException">Another thread interrupted this one. Nothing is taken.</exception>
    public static int WaitAny(WaitHandle[] waitHandles, int millisecondsTimeout)
    {
        if (!HasNamed(waitHandles, millisecondsTimeout))
        {
            return WaitHandle.WaitAny(waitHandles, millisecondsTimeout);
        }

        Deadline deadline = SingleWait.After(millisecondsTimeout);
        using AnyWait wait = new([.. waitHandles]);
        return wait.Wait(deadline);
    }

    /// <summary>Blocks until one of the handles is signalled, and takes that one.</summary>
    /// <inheritdoc cref="WaitAny(WaitHandle[], int)" path="/param|/returns|/exception"/>
    public static int WaitAny(WaitHandle[] waitHandles) => WaitAny(waitHandles, Timeout.Infinite);

    /// <summary>Blocks until one of the handles is signalled, and takes that one.</summary>
    /// <param name="waitHandles">The handles, 1 to 64. If several are signalled, the first one in the array is taken.</param>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <inheritdoc cref="WaitAny(WaitHandle[], int)" path="/returns|/exception"/>
    public static int WaitAny(WaitHandle[] waitHandles, TimeSpan timeout) => WaitAny(waitHandles, SingleWait.Milliseconds(timeout));

    /// <summary>Blocks until one of the handles is signalled, and takes that one.</summary>
    /// <param name="waitHandles">The handles, 1 to 64. If several are signalled, the first one in the array is taken.</param>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitAny(WaitHandle[], int)" path="/returns|/exception"/>
    public static int WaitAny(WaitHandle[] waitHandles, int millisecondsTimeout, bool exitContext) =>
        WaitAny(waitHandles, millisecondsTimeout);

    /// <summary>Blocks until one of the handles is signalled, and takes that one.</summary>
    /// <param name="waitHandles">The handles, 1 to 64. If several are signalled, the first one in the array is taken.</param>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitAny(WaitHandle[], int)" path="/returns|/exception"/>
    public static int WaitAny(WaitHandle[] waitHandles, TimeSpan timeout, bool exitContext) => WaitAny(waitHandles, timeout);

    /// <summary>
    /// Blocks until all of the handles are signalled, and takes all of them or none. Unlike on the platform, others may see for a moment
    /// that a named handle is taken and released.
    /// </summary>
    /// <param name="waitHandles">The handles, 1 to 64, no two of them the same object.</param>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <returns>Whether all are taken; false: the time ran out.</returns>
    /// <exception cref="ArgumentException">The array is empty.</exception>
    /// <exception cref="ArgumentNullException">The array or one of the handles is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <exception cref="DuplicateWaitObjectException">Two of the handles are the same object.</exception>
    /// <exception cref="NotSupportedException">
    /// There are more than 64 handles, or one of the platform's is neither a mutex nor a semaphore nor an event.
    /// </exception>
    /// <exception cref="ObjectDisposedException">A handle is disposed.</exception>
    /// <exception cref="AbandonedMutexException">
    /// All are taken, and at least one is a mutex whose owner ended without releasing it. The exception has the lowest index of such a
    /// mutex.
    /// </exception>
    /// <exception cref="System.Threading.ThreadInterruptedException">Another thread interrupted this one. Nothing is taken.</exception>
    public static bool WaitAll(WaitHandle[] waitHandles, int millisecondsTimeout)
    {
        if (!HasNamed(waitHandles, millisecondsTimeout))
        {
            return WaitHandle.WaitAll(waitHandles, millisecondsTimeout);
        }

        Deadline deadline = SingleWait.After(millisecondsTimeout);
        using AllWait wait = new([.. waitHandles]);
        return wait.Wait(deadline);
    }

    /// <summary>Blocks until all of the handles are signalled, and takes all of them or none.</summary>
    /// <inheritdoc cref="WaitAll(WaitHandle[], int)" path="/param|/returns|/exception"/>
    public static bool WaitAll(WaitHandle[] waitHandles) => WaitAll(waitHandles, Timeout.Infinite);

    /// <summary>Blocks until all of the handles are signalled, and takes all of them or none.</summary>
    /// <param name="waitHandles">The handles, 1 to 64, no two of them the same object.</param>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <inheritdoc cref="WaitAll(WaitHandle[], int)" path="/returns|/exception"/>
    public static bool WaitAll(WaitHandle[] waitHandles, TimeSpan timeout) => WaitAll(waitHandles, SingleWait.Milliseconds(timeout));

    /// <summary>Blocks until all of the handles are signalled, and takes all of them or none.</summary>
    /// <param name="waitHandles">The handles, 1 to 64, no two of them the same object.</param>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitAll(WaitHandle[], int)" path="/returns|/exception"/>
    public static bool WaitAll(WaitHandle[] waitHandles, int millisecondsTimeout, bool exitContext) =>
        WaitAll(waitHandles, millisecondsTimeout);

    /// <summary>Blocks until all of the handles are signalled, and takes all of them or none.</summary>
    /// <param name="waitHandles">The handles, 1 to 64, no two of them the same object.</param>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitAll(WaitHandle[], int)" path="/returns|/exception"/>
    public static bool WaitAll(WaitHandle[] waitHandles, TimeSpan timeout, bool exitContext) => WaitAll(waitHandles, timeout);

    /// <summary>
    /// Signals one handle, and then blocks until the other one is signalled. The two are separate steps if one of them is named.
    /// </summary>
    /// <param name="toSignal">The mutex to release, the semaphore to add one to, or the event to set.</param>
    /// <param name="toWaitOn">The handle to wait for.</param>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <returns>Whether the second handle is taken; false: the time ran out.</returns>
    /// <exception cref="ArgumentNullException">A handle is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <exception cref="ApplicationException">The first handle is a mutex that the calling thread does not own.</exception>
    /// <exception cref="InvalidOperationException">The first handle is a semaphore that is full.</exception>
    /// <exception cref="NotSupportedException">The first handle is neither a mutex nor a semaphore nor an event.</exception>
    /// <exception cref="AbandonedMutexException">
    /// The second handle is a mutex whose owner ended without releasing it; it is taken.
    /// </exception>
    public static bool SignalAndWait(WaitHandle toSignal, WaitHandle toWaitOn, int millisecondsTimeout, bool exitContext)
    {
        ArgumentNullException.ThrowIfNull(toSignal);
        ArgumentNullException.ThrowIfNull(toWaitOn);
        ArgumentOutOfRangeException.ThrowIfLessThan(millisecondsTimeout, Timeout.Infinite);
        if (ReferenceOf(toSignal) is null && ReferenceOf(toWaitOn) is null)
        {
            return WaitHandle.SignalAndWait(toSignal, toWaitOn, millisecondsTimeout, exitContext);
        }

        // A closed second handle must not leave the first one signalled.
        using ObjectReference.Call? waited = ReferenceOf(toWaitOn)?.Begin();
        if (ReferenceOf(toSignal) is { } signalled)
        {
            using ObjectReference.Call call = signalled.Begin();
            call.Target.Signal();
        }
        else
        {
            PlatformHandles.Signal(toSignal);
        }

        return toWaitOn.WaitOne(millisecondsTimeout);
    }

    /// <summary>Signals one handle, and then blocks until the other one is signalled.</summary>
    /// <param name="toSignal">The mutex to release, the semaphore to add one to, or the event to set.</param>
    /// <param name="toWaitOn">The handle to wait for.</param>
    /// <inheritdoc cref="SignalAndWait(WaitHandle, WaitHandle, int, bool)" path="/returns|/exception"/>
    public static bool SignalAndWait(WaitHandle toSignal, WaitHandle toWaitOn) =>
        SignalAndWait(toSignal, toWaitOn, Timeout.Infinite, exitContext: false);

    /// <summary>Signals one handle, and then blocks until the other one is signalled.</summary>
    /// <param name="toSignal">The mutex to release, the semaphore to add one to, or the event to set.</param>
    /// <param name="toWaitOn">The handle to wait for.</param>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="SignalAndWait(WaitHandle, WaitHandle, int, bool)" path="/returns|/exception"/>
    public static bool SignalAndWait(WaitHandle toSignal, WaitHandle toWaitOn, TimeSpan timeout, bool exitContext) =>
        SignalAndWait(toSignal, toWaitOn, SingleWait.Milliseconds(timeout), exitContext);

    private static ObjectReference? ReferenceOf(WaitHandle handle) => (handle as INamedHandle)?.Reference;

    // Wrong arguments go to the platform, which reports them, unless it would first report a named handle.
    private static bool HasNamed(WaitHandle[] waitHandles, int millisecondsTimeout)
    {
        if (waitHandles is null
            || waitHandles.Length > MostHandles
            || !Array.Exists(waitHandles, static handle => handle is INamedHandle { Reference: not null }))
        {
            return false;
        }

        int missing = Array.IndexOf(waitHandles, null);
        if (missing >= 0)
        {
            throw new ArgumentNullException($"{nameof(waitHandles)}[{missing}]");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(millisecondsTimeout, Timeout.Infinite);
        return true;
    }
}
