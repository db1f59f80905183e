using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Memory;
using Fairlead.Native.Processes;
using Fairlead.Synchronization.Waiting;

namespace Fairlead.Synchronization;

/// <summary>
/// A System V semaphore (<c>semget</c>, <c>semop</c>): a lock or a count that Fairlead shares with programs of any language, by a key.
/// Between programs of Fairlead, use <see cref="NamedSemaphore"/>, which serves waiters in order, and names its owners.
/// </summary>
/// <remarks>
/// A permit that you <em>enter</em> returns when its process ends, however it ends (<c>SEM_UNDO</c>). The kernel keeps one account a
/// process, which all threads share: a thread that ends gives nothing back. A permit that you <em>take</em> has no owner. Any number of
/// threads may use one object. It holds nothing in this process, so there is nothing to dispose. The semaphore lasts until a program
/// removes it or the machine restarts.
/// </remarks>
public sealed partial class SystemVSemaphore
{
    private readonly int _id;

    private SystemVSemaphore(int key, int id, int number, bool isNew)
    {
        Key = key;
        _id = id;
        Number = number;
        IsNew = isNew;
    }

    /// <summary>The largest value, for all semaphores of the system: 32,767.</summary>
    public static int Most => SystemVSemaphores.Most;

    /// <summary>The key, as in C.</summary>
    public int Key { get; }

    /// <summary>Its number in its set, from 0.</summary>
    public int Number { get; }

    /// <summary>Whether this call created it, rather than finding it.</summary>
    public bool IsNew { get; }

    /// <summary>The number of free permits, which other programs may change at any time.</summary>
    /// <exception cref="FairleadException">NotFound: a program has removed it.</exception>
    public int CurrentCount => Known(SystemVSemaphores.Value(_id, Number, out Errno error), error);

    /// <summary>The number of calls, in all programs, that sleep in the kernel until a permit is free.</summary>
    /// <exception cref="FairleadException">NotFound: a program has removed it.</exception>
    public int WaitingCount => Known(SystemVSemaphores.Waiting(_id, Number, out Errno error), error);

    /// <summary>
    /// Takes a permit until the scope is disposed or the process ends. Blocks while no permit is free. The kernel wakes waiters in order of
    /// arrival; a call with a token waits in steps of 20 ms, and loses its place at each.
    /// </summary>
    /// <param name="timeout">The longest time to wait; null: no limit.</param>
    /// <param name="cancellationToken">Cancels the wait, within 20 ms.</param>
    /// <returns>The scope, to be disposed when done.</returns>
    /// <exception cref="FairleadException">
    /// Timeout: no permit was free in time. NotFound: a program has removed the semaphore, perhaps while this call waited.
    /// PermissionDenied: this user may not change it. Full: the system's limit of undo records is reached.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public SystemVSemaphoreScope Enter(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Get(true, timeout, cancellationToken) ? new SystemVSemaphoreScope(this) : throw NotInTime(timeout);

    /// <summary>Tries to enter within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait, within 20 ms.</param>
    /// <returns>The scope, to be disposed when done; <see langword="null"/> if the time ran out.</returns>
    /// <inheritdoc cref="Enter" path="/exception"/>
    public SystemVSemaphoreScope? TryEnter(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        Get(true, timeout, cancellationToken) ? new SystemVSemaphoreScope(this) : null;

    /// <summary>Enters. Waiting takes no thread: the call tries again, at intervals of at most 20 ms.</summary>
    /// <inheritdoc cref="Enter" path="/param|/returns|/exception"/>
    public async ValueTask<SystemVSemaphoreScope> EnterAsync(TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        await GetAsync(true, timeout, cancellationToken).ConfigureAwait(false)
            ? new SystemVSemaphoreScope(this)
            : throw NotInTime(timeout);

    /// <inheritdoc cref="EnterAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask<SystemVSemaphoreScope> EnterAsync(CancellationToken cancellationToken = default) =>
        EnterAsync(null, cancellationToken);

    /// <summary>Tries to enter within a time. Waiting takes no thread.</summary>
    /// <inheritdoc cref="TryEnter" path="/param|/returns|/exception"/>
    public async ValueTask<SystemVSemaphoreScope?> TryEnterAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        await GetAsync(true, timeout, cancellationToken).ConfigureAwait(false) ? new SystemVSemaphoreScope(this) : null;

    /// <summary>Removes a permit (<c>semop</c> without <c>SEM_UNDO</c>); it has no owner until a program posts one.</summary>
    /// <inheritdoc cref="Enter" path="/param|/exception"/>
    public void Take(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        if (!Get(false, timeout, cancellationToken))
        {
            throw NotInTime(timeout);
        }
    }

    /// <summary>Tries to remove a permit within a time. Blocks.</summary>
    /// <param name="timeout">The longest time to wait; zero: do not wait.</param>
    /// <param name="cancellationToken">Cancels the wait, within 20 ms.</param>
    /// <returns>Whether the call got the permit.</returns>
    /// <inheritdoc cref="Enter" path="/exception"/>
    public bool TryTake(TimeSpan timeout, CancellationToken cancellationToken = default) => Get(false, timeout, cancellationToken);

    /// <summary>Removes a permit. Waiting takes no thread.</summary>
    /// <inheritdoc cref="Enter" path="/param|/exception"/>
    public async ValueTask TakeAsync(TimeSpan? timeout, CancellationToken cancellationToken = default)
    {
        if (!await GetAsync(false, timeout, cancellationToken).ConfigureAwait(false))
        {
            throw NotInTime(timeout);
        }
    }

    /// <inheritdoc cref="TakeAsync(TimeSpan?, CancellationToken)"/>
    public ValueTask TakeAsync(CancellationToken cancellationToken = default) => TakeAsync(null, cancellationToken);

    /// <summary>Tries to remove a permit within a time. Waiting takes no thread.</summary>
    /// <inheritdoc cref="TryTake" path="/param|/returns|/exception"/>
    public ValueTask<bool> TryTakeAsync(TimeSpan timeout, CancellationToken cancellationToken = default) =>
        GetAsync(false, timeout, cancellationToken);

    /// <summary>Frees permits that were taken, or that have not existed yet (without <c>SEM_UNDO</c>). Does not wait.</summary>
    /// <param name="permits">How many permits to free.</param>
    /// <exception cref="InvalidOperationException">The value would exceed 32,767. Nothing is changed.</exception>
    /// <exception cref="FairleadException">NotFound: a program has removed it. PermissionDenied: this user may not change it.</exception>
    public void Post(int permits = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(permits, 1);
        Errno error = permits > Most ? Errno.ERANGE : SystemVSemaphores.Add(_id, Number, permits, undo: false);
        if (error != Errno.None)
        {
            throw Refused(permits, error);
        }
    }

    /// <summary>Returns a description for people.</summary>
    public override string ToString() => Describe(Key, Number);

    /// <summary>Returns a permit that this process entered, and takes it off the account that the kernel keeps of this process.</summary>
    internal void Return()
    {
        Errno error = SystemVSemaphores.Add(_id, Number, 1, undo: true);
        if (error != Errno.None && !IsGone(error))
        {
            throw Refused(1, error);
        }
    }

    private bool Get(bool undo, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline.Check(timeout);
        Deadline deadline = Deadline.After(timeout);
        bool isTaken = TryGet(undo);
        while (!isTaken && !deadline.Passed)
        {
            TimeSpan rest = deadline.RemainingWait;
            bool isLong = cancellationToken.CanBeCanceled && (deadline.IsInfinite || rest > PolledWait.LongestPause);
            Errno error = SystemVSemaphores.Take(_id, Number, undo, isLong ? PolledWait.LongestPause : rest);
            isTaken = IsTaken(error is Errno.EINTR ? Errno.EAGAIN : error);
            if (!isTaken)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return isTaken;
    }

    private async ValueTask<bool> GetAsync(bool undo, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Deadline.Check(timeout);
        return await PolledWait.WaitAsync(() => TryGet(undo), Deadline.After(timeout), cancellationToken).ConfigureAwait(false);
    }

    private int Known(int number, Errno error) => number >= 0 ? number : throw Failure($"{this} cannot be read", error);

    private bool TryGet(bool undo) => IsTaken(SystemVSemaphores.Add(_id, Number, -1, undo));

    private bool IsTaken(Errno error) =>
        error switch
        {
            Errno.None => true,
            Errno.EAGAIN => false,
            _ => throw Failure($"{this} cannot be entered", error),
        };

    private Exception Refused(int permits, Errno error) =>
        error == Errno.ERANGE
            ? new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{this} has {Most} permits at most, and cannot take {permits} more. Post only what was taken."))
            : Failure($"{this} cannot be given {permits} permits", error);

    private FairleadException NotInTime(TimeSpan? timeout)
    {
        int last = SystemVSemaphores.LastProcess(_id, Number, out _);
        Peer? peer = last > 0 ? new Peer { ProcessId = last, Program = NativeProcess.CommandLine(last) } : null;
        string changed = peer is null ? "" : $"; {peer} changed it last";
        return new FairleadException(
            ErrorCode.Timeout,
            $"{this} had no free permit within {SecondsText.Of(timeout)}{changed}",
            "Wait longer, or end the program that keeps the permit; ipcs -s -i shows which processes wait.")
        {
            Peer = peer,
        };
    }
}
