using Fairlead.Memory;
using Fairlead.Memory.Backing;
using Fairlead.Native;
using Fairlead.Synchronization.Waiting;
using Fairlead.Synchronization.Words;

namespace Fairlead.Synchronization;

/// <summary>
/// A condition that goes with a <see cref="NamedMutex"/>, by name or in a <see cref="SharedRegion"/>: who is inside and finds that what he
/// needs is not there waits outside until another one, inside, has changed it and notifies him. As <see cref="Monitor.Wait(object)"/> and
/// <see cref="Monitor.Pulse(object)"/>, between processes.
/// </summary>
/// <remarks>
/// A wait may end without a notification: when a process dies that had been notified, those who came after it wake in its stead; and beyond
/// 128 who wait at once the others wake at each notification. So look again at what was waited for, or use the forms that take a predicate.
/// A notification for which nobody waits is lost. One that a process would have given that dies inside the mutex is not given: whoever
/// enters next is told of the death (<see cref="MutexScope.OwnerDied"/>), and notifies all.
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

    /// <summary>As <see cref="Dispose"/>.</summary>
    ~NamedCondition() => _core.Close();

    /// <summary>How many bytes one takes in a region.</summary>
    public static long SizeInRegion => ConditionLayout.Size;

    /// <summary>Its name; <see langword="null"/> for one that lies in a region.</summary>
    public string? Name { get; }

    /// <summary>
    /// Who waits, in the order in which they will be notified, as it was a moment ago; also those who have been, until they are inside the
    /// mutex again. Who found no room in the line is not told.
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

    /// <summary>Opens the condition of a name, or makes it.</summary>
    /// <param name="name">1 to 100 letters, digits, <c>.</c>, <c>_</c> and <c>-</c>. All kinds of locks share their names.</param>
    /// <param name="mutex">Which it goes with, for all of its users. Stays the caller's, to be disposed after the condition.</param>
    /// <param name="options">How it is waited for here.</param>
    /// <exception cref="FairleadException">
    /// Incompatible: it goes with another mutex, or something else has the name. Corrupt: its file has been cut or overwritten. Full: no
    /// room for the file. AlreadyExists: a file that Fairlead did not make has the name. PermissionDenied: the runtime directory is not
    /// this user's to use.
    /// </exception>
    public static NamedCondition Open(string name, NamedMutex mutex, NamedConditionOptions? options = null)
    {
        Check(mutex, options);
        return new(
            name, new ConditionCore(LockPlace.Named(name, ConditionLayout.Size, RegionContent.Condition), mutex.Core), mutex, options);
    }

    /// <summary>Opens the condition at a place in a region, or makes it: memory that is zero is one for which nobody waits.</summary>
    /// <param name="region">A memory file, a named region, a POSIX segment or a file. May be disposed before the condition.</param>
    /// <param name="offset">In bytes from the beginning; a multiple of 64. It takes <see cref="SizeInRegion"/> bytes.</param>
    /// <param name="mutex">As for <see cref="Open"/>; by name, or in a region too.</param>
    /// <param name="options">How it is waited for here.</param>
    /// <exception cref="ArgumentException">It does not lie in the region whole, or not at a multiple of 64.</exception>
    /// <exception cref="FairleadException">
    /// Incompatible: it goes with another mutex, or is of another version. Corrupt: something else lies there. NotSupported: the region is
    /// a System V segment.
    /// </exception>
    public static NamedCondition OpenIn(SharedRegion region, long offset, NamedMutex mutex, NamedConditionOptions? options = null)
    {
        Check(mutex, options);
        return new(
            null, new ConditionCore(LockPlace.InRegion(region, offset, ConditionLayout.Size, "the condition"), mutex.Core), mutex, options);
    }

    /// <summary>
    /// Takes the name away. Who has the condition open keeps it, and whoever opens the name gets another: so when nobody uses it any more.
    /// </summary>
    /// <param name="name">As for <see cref="Open"/>.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="FairleadException">AlreadyExists: what has the name is no lock, and stays.</exception>
    public static bool Remove(string name) => NamedRegion.Remove(name, RegionContent.Condition);

    /// <summary>
    /// Leaves the mutex, wholly if it was entered several times, waits until it is notified, and enters the mutex again, in every case:
    /// also when the time has passed or the token is cancelled, which ends the wait and not the entering. Then the same scope is inside
    /// again; meanwhile it is not, and disposing it does nothing. Blocks.
    /// </summary>
    /// <param name="scope">Inside the mutex that the condition was opened with.</param>
    /// <param name="timeout">Waits for a notification at most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether it was woken; false: not in time. Rarely it is woken without a notification.</returns>
    /// <exception cref="ArgumentException">The scope is another mutex's, or has been left.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; the scope is inside.</exception>
    /// <exception cref="FairleadException">
    /// LockLost: the mutex could not be entered again (<see cref="NamedConditionOptions.TakeBackTimeout"/>; or it would be for ever, with
    /// <see cref="NamedMutexOptions.DetectDeadlock"/>). The scope has been left.
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
            // Told below, unless it has been notified as well: that must not get lost.
        }
        finally
        {
            attempt.TakeBack(Deadline.After(_takeBack));
            GC.KeepAlive(this);
        }

        return IsWoken(attempt, cancellationToken);
    }

    /// <summary>Waits until something is so. Looks at it first, inside the mutex, and again whenever it was woken. Blocks.</summary>
    /// <param name="scope">Inside the mutex that the condition was opened with.</param>
    /// <param name="predicate">Called inside the mutex.</param>
    /// <param name="timeout">At most so long; null: for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What the predicate said last: false: not in time.</returns>
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

    /// <summary>As <see cref="Wait(MutexScope, TimeSpan?, CancellationToken)"/>; takes no thread.</summary>
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
            // Told below, unless it has been notified as well: that must not get lost.
        }
        finally
        {
            await attempt.TakeBackAsync(Deadline.After(_takeBack)).ConfigureAwait(false);
            GC.KeepAlive(this);
        }

        return IsWoken(attempt, cancellationToken);
    }

    /// <summary>As <see cref="Wait(MutexScope, Func{bool}, TimeSpan?, CancellationToken)"/>; takes no thread.</summary>
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
    /// Wakes the one who has waited longest and was not notified yet, if somebody waits. He goes on when the mutex has been left. Does not
    /// wait.
    /// </summary>
    /// <param name="scope">Inside the mutex that the condition was opened with.</param>
    /// <exception cref="ArgumentException">The scope is another mutex's, or has been left.</exception>
    /// <exception cref="ObjectDisposedException">This object has been disposed.</exception>
    public void Notify(MutexScope scope)
    {
        _core.Notify(scope.Stay, all: false);
        GC.KeepAlive(this);
    }

    /// <summary>Wakes all who wait. They go on one after the other, when the mutex has been left. Does not wait.</summary>
    /// <inheritdoc cref="Notify" path="/param|/exception"/>
    public void NotifyAll(MutexScope scope)
    {
        _core.Notify(scope.Stay, all: true);
        GC.KeepAlive(this);
    }

    /// <summary>Asks whether its file is still what its name means. Costs some system calls. Of one in a region, ask the region.</summary>
    /// <exception cref="FairleadException">Corrupt: it is not, and what.</exception>
    public void Verify() => _core.Verify();

    /// <summary>
    /// Lets go of it in this process; who waits through this object does so to the end. The condition stays, and so does the mutex.
    /// </summary>
    public void Dispose()
    {
        _core.Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>For people: what it is.</summary>
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
