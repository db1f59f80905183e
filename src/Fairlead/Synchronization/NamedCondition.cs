using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native.Waiting;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A condition variable for a <see cref="NamedMutex"/>, by name or in a <see cref="SharedRegion"/>. A caller inside the mutex that does not
/// find what it needs waits outside, until another caller changes the data and notifies it. Like <see cref="Monitor.Wait(object)"/> and
/// <see cref="Monitor.Pulse(object)"/>, but between processes.
/// </summary>
/// <remarks>
/// <para>
/// A wait may end without a notification. When a notified process dies, the waiters after it wake in its place. Beyond 128 waiters, the
/// others wake at each notification. Check the state again after each wait, or use the overloads with a predicate.
/// </para>
/// <para>
/// A notification without a waiter is lost. A process that dies inside the mutex may have changed the data without notifying: the next
/// caller to enter sees <see cref="MutexScope.OwnerDied"/>, and should notify all.
/// </para>
/// </remarks>
public sealed class NamedCondition : IDisposable
{
    private readonly ConditionCore _core;
    private readonly NamedMutex _mutex;
    private readonly TimeSpan? _takeBack;

    private NamedCondition(string? name, ConditionCore core, NamedMutex mutex, NamedConditionOptions? options)
    {
        Name = name;
        _core = core;
        _mutex = mutex;
        _takeBack = options?.TakeBackTimeout;
    }

    /// <summary>Same as <see cref="Dispose"/>.</summary>
    ~NamedCondition() => _core.Close();

    /// <summary>The size in a region, in bytes.</summary>
    public static long SizeInRegion => ConditionLayout.Size;

    /// <summary>Its name; <see langword="null"/> if it lies in a region.</summary>
    public string? Name { get; }

    /// <summary>
    /// A snapshot of the waiters, in the order in which they will be notified. It includes notified waiters until they are inside the mutex
    /// again, and leaves out those that found the wait queue full.
    /// </summary>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public IReadOnlyList<LockHolder> Waiters
    {
        get
        {
            IReadOnlyList<LockHolder> waiters = _core.Snapshot().Waiters;
            GC.KeepAlive(this);
            return waiters;
        }
    }

    /// <summary>Opens a named condition, or creates it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share one set of names.</param>
    /// <param name="mutex">
    /// The mutex of the condition, the same for all users. The caller owns it, and disposes it after the condition.
    /// </param>
    /// <param name="options">How this object waits.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: the condition belongs to another mutex, or the name to another kind of object. Corrupt: its file has been truncated or
    /// overwritten. Full: not enough space for the file. AlreadyExists: the name belongs to a file that Fairlead did not create.
    /// PermissionDenied: this user may not use the runtime directory.
    /// </exception>
    public static NamedCondition Open(string name, NamedMutex mutex, NamedConditionOptions? options = null)
    {
        Check(mutex, options);
        return new(
            name, new ConditionCore(LockPlace.Named(name, ConditionLayout.Size, RegionContent.Condition), mutex.Core), mutex, options);
    }

    /// <summary>
    /// Opens the condition at an offset in a region, or creates it. Memory that is all zero is a condition without waiters.
    /// </summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. You may dispose it before the condition.</param>
    /// <param name="offset">
    /// The offset in bytes from the start of the region; a multiple of 64. The lock takes <see cref="SizeInRegion"/> bytes.
    /// </param>
    /// <param name="mutex">As for <see cref="Open"/>; a named one, or one in a region.</param>
    /// <param name="options">How this object waits.</param>
    /// <exception cref="ArgumentException">The offset is not a multiple of 64, or the lock does not fit into the region there.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: the condition belongs to another mutex, or another version of Fairlead created it. Corrupt: the memory at the offset
    /// holds something else. NotSupported: the region is a System V segment.
    /// </exception>
    public static NamedCondition OpenIn(SharedRegion region, long offset, NamedMutex mutex, NamedConditionOptions? options = null)
    {
        Check(mutex, options);
        return new(
            null, new ConditionCore(LockPlace.InRegion(region, offset, ConditionLayout.Size, "the condition"), mutex.Core), mutex, options);
    }

    /// <summary>
    /// Removes the name. Processes that have the condition open keep it; the next one to open the name creates a new condition. Call it
    /// when no process uses the condition any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether the name existed.</returns>
    /// <exception cref="FairleadException">AlreadyExists: the name belongs to something that is not a lock. Nothing is removed.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Condition);

    /// <summary>
    /// Leaves the mutex (all entries of a recursive one), blocks until it is notified, and enters the mutex again in every case. A timeout
    /// or a cancelled token ends the wait for a notification, but not the wait for the mutex. While it waits, the scope is outside the
    /// mutex, and disposing it then does nothing. When the call returns, the same scope is inside again.
    /// </summary>
    /// <param name="scope">A scope inside the mutex of the condition.</param>
    /// <param name="timeout">The longest time to wait for a notification; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether it was woken; false if the time ran out. On rare occasions it wakes without a notification.</returns>
    /// <exception cref="ArgumentException">The scope is another mutex's, or has been left.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the scope is inside.</exception>
    /// <exception cref="FairleadException">
    /// LockLost: the call could not enter the mutex again, within <see cref="NamedConditionOptions.TakeBackTimeout"/>, because of a
    /// deadlock (with <see cref="NamedMutexOptions.DetectDeadlock"/>), or because the system has no thread left. The scope has left the
    /// mutex.
    /// </exception>
    /// <exception cref="ObjectDisposedException">This object or the mutex has been disposed.</exception>
    public bool Wait(MutexScope scope, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        ConditionAttempt attempt = _core.Begin(scope.Stay, NativeThread.Id);
        try
        {
            _ = attempt.Wait(deadline, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Reported below, unless a notification came as well: that must not get lost.
        }
        finally
        {
            attempt.TakeBack(Deadline.After(_takeBack));
            GC.KeepAlive(this);
        }

        return IsWoken(attempt, cancellationToken);
    }

    /// <summary>Blocks until a predicate holds. Evaluates it inside the mutex, first immediately and then after each wake-up.</summary>
    /// <param name="scope">A scope inside the mutex of the condition.</param>
    /// <param name="predicate">Called inside the mutex.</param>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The last value of the predicate; false if the time ran out.</returns>
    /// <inheritdoc cref="Wait(MutexScope, TimeSpan?, CancellationToken)" path="/exception"/>
    public bool Wait(MutexScope scope, Func<bool> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        Deadline deadline = Deadline.After(timeout);
        while (!predicate())
        {
            if (!Wait(scope, deadline.RemainingWait, cancellationToken))
            {
                return predicate();
            }
        }

        return true;
    }

    /// <summary>Same as <see cref="Wait(MutexScope, TimeSpan?, CancellationToken)"/>; takes no thread.</summary>
    /// <inheritdoc cref="Wait(MutexScope, TimeSpan?, CancellationToken)" path="/param|/returns|/exception"/>
    public async ValueTask<bool> WaitAsync(MutexScope scope, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline deadline = Deadline.After(timeout);
        ConditionAttempt attempt = _core.Begin(scope.Stay, thread: 0);
        try
        {
            _ = await attempt.WaitAsync(deadline, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Reported below, unless a notification came as well: that must not get lost.
        }
        finally
        {
            await attempt.TakeBackAsync(Deadline.After(_takeBack)).ConfigureAwait(false);
            GC.KeepAlive(this);
        }

        return IsWoken(attempt, cancellationToken);
    }

    /// <summary>Same as <see cref="Wait(MutexScope, Func{bool}, TimeSpan?, CancellationToken)"/>; takes no thread.</summary>
    /// <inheritdoc cref="Wait(MutexScope, Func{bool}, TimeSpan?, CancellationToken)" path="/param|/returns|/exception"/>
    public async ValueTask<bool> WaitAsync(
        MutexScope scope, Func<bool> predicate, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        Deadline deadline = Deadline.After(timeout);
        while (!predicate())
        {
            if (!await WaitAsync(scope, deadline.RemainingWait, cancellationToken).ConfigureAwait(false))
            {
                return predicate();
            }
        }

        return true;
    }

    /// <summary>
    /// Wakes the waiter that has waited longest and has not been notified, if there is one. It continues when the caller has left the
    /// mutex. Does not wait.
    /// </summary>
    /// <param name="scope">A scope inside the mutex of the condition.</param>
    /// <exception cref="ArgumentException">The scope is another mutex's, or has been left.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Notify(MutexScope scope)
    {
        _core.Notify(scope.Stay, all: false);
        GC.KeepAlive(this);
    }

    /// <summary>Wakes all waiters. They continue one after the other, when the caller has left the mutex. Does not wait.</summary>
    /// <inheritdoc cref="Notify" path="/param|/exception"/>
    public void NotifyAll(MutexScope scope)
    {
        _core.Notify(scope.Stay, all: true);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Checks that its file is still the one that the name refers to. Takes a few system calls. For a lock in a region, verify the region.
    /// </summary>
    /// <exception cref="FairleadException">Corrupt: it is not; the message says what is wrong.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Closes the condition in this process. Waits that began through this object run to their end. The condition itself stays, and so does
    /// the mutex.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => _core.Description;

    private static void Check(NamedMutex mutex, NamedConditionOptions? options)
    {
        ArgumentNullException.ThrowIfNull(mutex);
        _ = Deadline.After(options?.TakeBackTimeout);
    }

    private static bool IsWoken(ConditionAttempt attempt, CancellationToken cancellationToken)
    {
        if (!attempt.IsWoken)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return attempt.IsWoken;
    }
}
