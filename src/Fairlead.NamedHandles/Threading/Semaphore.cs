using System.Diagnostics.CodeAnalysis;
using Fairlead.NamedHandles.Names;
using Fairlead.NamedHandles.Threading;

namespace Fairlead.NamedHandles;

/// <summary>
/// The platform's <see cref="System.Threading.Semaphore"/>, whose named ones work between processes on Linux, too. Its count belongs to no
/// thread and no process: if a process ends that has decreased it, the count stays decreased.
/// </summary>
/// <remarks>
/// A named semaphore lives as long as a process has it open. Waiters get the count in the order of their arrival. A semaphore without a
/// name is the platform's.
/// </remarks>
public sealed class Semaphore : WaitHandle, INamedHandle
{
    private static readonly HandleOpening Opening = new(ObjectKind.Semaphore, SemaphoreObject.Size);

    private readonly System.Threading.Semaphore? _unnamed;
    private readonly ObjectReference? _reference;

    /// <summary>Creates a semaphore of this process.</summary>
    /// <param name="initialCount">The count.</param>
    /// <param name="maximumCount">The maximum of the count.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 0, or the maximum is below 1.</exception>
    /// <exception cref="ArgumentException">The count exceeds the maximum.</exception>
    public Semaphore(int initialCount, int maximumCount)
        : this(initialCount, maximumCount, name: null)
    {
    }

    /// <summary>Opens a named semaphore, or creates it.</summary>
    /// <inheritdoc cref="Semaphore(int, int, string, out bool)" path="/param|/exception"/>
    public Semaphore(int initialCount, int maximumCount, string? name)
        : this(initialCount, maximumCount, name, out _)
    {
    }

    /// <summary>Opens a named semaphore, or creates it.</summary>
    /// <param name="initialCount">The count, if this call creates it.</param>
    /// <param name="maximumCount">The maximum of the count, if this call creates it.</param>
    /// <param name="name">
    /// Its name, case-sensitive, of 260 characters at most. With <c>Global\</c> all users of the machine share it; with <c>Local\</c>, or
    /// without a prefix, the processes of the user. Null or empty: a semaphore of this process.
    /// </param>
    /// <param name="createdNew">Whether this call has created it.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is below 0, or the maximum is below 1.</exception>
    /// <exception cref="ArgumentException">
    /// The count exceeds the maximum. Or the name is too long, empty after its prefix, or has another backslash.
    /// </exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">The name belongs to an object of another kind.</exception>
    public Semaphore(int initialCount, int maximumCount, string? name, out bool createdNew)
        : this(initialCount, maximumCount, name, options: null, out createdNew)
    {
    }

    /// <summary>Opens a named semaphore, or creates it.</summary>
    /// <inheritdoc cref="Semaphore(int, int, string, NamedWaitHandleOptions, out bool)" path="/param|/exception"/>
    public Semaphore(int initialCount, int maximumCount, string? name, NamedWaitHandleOptions options)
        : this(initialCount, maximumCount, name, options, out _)
    {
    }

    /// <summary>Opens a named semaphore, or creates it.</summary>
    /// <param name="initialCount">The count, if this call creates it.</param>
    /// <param name="maximumCount">The maximum of the count, if this call creates it.</param>
    /// <param name="name">Its name, as for the other constructors. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <param name="createdNew">Whether this call has created it.</param>
    /// <inheritdoc cref="Semaphore(int, int, string, out bool)" path="/exception"/>
    public Semaphore(int initialCount, int maximumCount, string? name, NamedWaitHandleOptions options, out bool createdNew)
        : this(initialCount, maximumCount, name, (NamedWaitHandleOptions?)options, out createdNew)
    {
    }

    private Semaphore(int initialCount, int maximumCount, string? name, NamedWaitHandleOptions? options, out bool createdNew)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(initialCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumCount, 1);
        if (initialCount > maximumCount)
        {
            throw new ArgumentException("The initial count exceeds the maximum count.", nameof(initialCount));
        }

        if (string.IsNullOrEmpty(name))
        {
            _unnamed = new System.Threading.Semaphore(initialCount, maximumCount);
            SafeWaitHandle = _unnamed.SafeWaitHandle;
            createdNew = true;
        }
        else
        {
            _reference = Opening.Create(
                name, options, (key, file, isNew) => new SemaphoreObject(key, file, isNew, initialCount, maximumCount), out createdNew);
            Unwaitable.Mark(this);
        }
    }

    private Semaphore(ObjectReference reference)
    {
        _reference = reference;
        Unwaitable.Mark(this);
    }

    ObjectReference? INamedHandle.Reference => _reference;

    /// <summary>Opens a named semaphore that exists.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The name is empty or not valid.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">It does not exist, or the name belongs to an object of another kind.</exception>
    public static Semaphore OpenExisting(string name) => new(Opening.OpenExisting(name, null, MakeExisting));

    /// <summary>Opens a named semaphore that exists.</summary>
    /// <param name="name">Its name. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <inheritdoc cref="OpenExisting(string)" path="/exception"/>
    public static Semaphore OpenExisting(string name, NamedWaitHandleOptions options) =>
        new(Opening.OpenExisting(name, options, MakeExisting));

    /// <summary>Opens a named semaphore if it exists.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="result">The semaphore.</param>
    /// <returns>False if it does not exist, or the name belongs to an object of another kind.</returns>
    /// <exception cref="ArgumentException">The name is empty or not valid.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    public static bool TryOpenExisting(string name, [NotNullWhen(true)] out Semaphore? result) => TryOpenExisting(name, null, out result);

    /// <summary>Opens a named semaphore if it exists.</summary>
    /// <param name="name">Its name. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <param name="result">The semaphore.</param>
    /// <inheritdoc cref="TryOpenExisting(string, out Semaphore)" path="/returns|/exception"/>
    public static bool TryOpenExisting(string name, NamedWaitHandleOptions options, [NotNullWhen(true)] out Semaphore? result) =>
        TryOpenExisting(name, (NamedWaitHandleOptions?)options, out result);

    /// <summary>Adds 1 to the count. Does not wait.</summary>
    /// <returns>The count before.</returns>
    /// <exception cref="SemaphoreFullException">The count has its maximum.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public int Release() => Release(1);

    /// <summary>Adds to the count, all or nothing. Does not wait.</summary>
    /// <param name="releaseCount">How much.</param>
    /// <returns>The count before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    /// <exception cref="SemaphoreFullException">The count would exceed its maximum. It has not changed.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public int Release(int releaseCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(releaseCount, 1);
        if (_reference is null)
        {
            return _unnamed!.Release(releaseCount);
        }

        using ObjectReference.Call call = _reference.Begin();
        return ((SemaphoreObject)call.Target).Release(releaseCount);
    }

    /// <summary>Blocks until the count is above 0, and decreases it.</summary>
    /// <returns>True.</returns>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public override bool WaitOne() => WaitOne(Timeout.Infinite);

    /// <summary>Blocks until the count is above 0, and decreases it, or the time runs out.</summary>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <returns>Whether the count was decreased.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <inheritdoc cref="WaitOne()" path="/exception"/>
    public override bool WaitOne(int millisecondsTimeout) =>
        _reference is null ? base.WaitOne(millisecondsTimeout) : SingleWait.On(_reference, millisecondsTimeout);

    /// <summary>Blocks until the count is above 0, and decreases it, or the time runs out.</summary>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(TimeSpan timeout) =>
        _reference is null ? base.WaitOne(timeout) : SingleWait.On(_reference, timeout);

    /// <summary>Blocks until the count is above 0, and decreases it, or the time runs out.</summary>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(int millisecondsTimeout, bool exitContext) => WaitOne(millisecondsTimeout);

    /// <summary>Blocks until the count is above 0, and decreases it, or the time runs out.</summary>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(TimeSpan timeout, bool exitContext) => WaitOne(timeout);

    /// <summary>Closes the handle. If it is the last one on the machine, the semaphore ends.</summary>
    /// <param name="explicitDisposing">False: called by a finalizer.</param>
    protected override void Dispose(bool explicitDisposing)
    {
        if (explicitDisposing)
        {
            _reference?.Dispose();
            _unnamed?.Dispose();
        }

        base.Dispose(explicitDisposing);
    }

    private static bool TryOpenExisting(string name, NamedWaitHandleOptions? options, [NotNullWhen(true)] out Semaphore? result)
    {
        result = Opening.TryOpenExisting(name, options, MakeExisting, out ObjectReference? reference) ? new Semaphore(reference) : null;
        return result is not null;
    }

    private static SemaphoreObject MakeExisting(ObjectKey key, ObjectFile file, bool isNew) => new(key, file, isNew: false, 0, 0);
}
