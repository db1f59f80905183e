using System.Diagnostics.CodeAnalysis;
using Fairlead.NamedHandles.Names;
using Fairlead.NamedHandles.Threading;

namespace Fairlead.NamedHandles;

/// <summary>
/// The platform's <see cref="System.Threading.Mutex"/>, whose named ones work between processes on Linux, too. A thread owns it, may take
/// it several times, and releases it as often. If the thread or its process ends before, the next owner gets an
/// <see cref="AbandonedMutexException"/>.
/// </summary>
/// <remarks>
/// <para>
/// A named mutex lives as long as a process has it open. All objects of a process with the same name are one mutex to its threads. The
/// mutex learns of the end of a thread from the kernel, from Linux 6.9 on. On older kernels the garbage collector finds it, at its next
/// collection.
/// </para>
/// <para>A mutex without a name is the platform's.</para>
/// </remarks>
public sealed class Mutex : WaitHandle, INamedHandle
{
    private static readonly HandleOpening Opening = new(ObjectKind.Mutex, MutexObject.Size);

    private readonly System.Threading.Mutex? _unnamed;
    private readonly ObjectReference? _reference;

    /// <summary>Creates a mutex of this process that no thread owns.</summary>
    public Mutex()
        : this(initiallyOwned: false)
    {
    }

    /// <summary>Creates a mutex of this process.</summary>
    /// <param name="initiallyOwned">Whether the calling thread owns it.</param>
    public Mutex(bool initiallyOwned)
        : this(initiallyOwned, name: null)
    {
    }

    /// <summary>Opens a named mutex, or creates it.</summary>
    /// <inheritdoc cref="Mutex(bool, string, out bool)" path="/param|/exception"/>
    public Mutex(bool initiallyOwned, string? name)
        : this(initiallyOwned, name, out _)
    {
    }

    /// <summary>Opens a named mutex, or creates it.</summary>
    /// <param name="initiallyOwned">Whether the calling thread owns it, if this call creates it.</param>
    /// <param name="name">
    /// Its name, case-sensitive, of 260 characters at most. With <c>Global\</c> all users of the machine share it; with <c>Local\</c>, or
    /// without a prefix, the processes of the user. Null or empty: a mutex of this process.
    /// </param>
    /// <param name="createdNew">Whether this call has created it.</param>
    /// <exception cref="ArgumentException">The name is too long, empty after its prefix, or has another backslash.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">The name belongs to an object of another kind.</exception>
    public Mutex(bool initiallyOwned, string? name, out bool createdNew)
        : this(initiallyOwned, name, options: null, out createdNew)
    {
    }

    /// <summary>Opens a named mutex that no thread owns, or creates it.</summary>
    /// <inheritdoc cref="Mutex(bool, string, NamedWaitHandleOptions, out bool)" path="/param|/exception"/>
    public Mutex(string? name, NamedWaitHandleOptions options)
        : this(initiallyOwned: false, name, options)
    {
    }

    /// <summary>Opens a named mutex, or creates it.</summary>
    /// <inheritdoc cref="Mutex(bool, string, NamedWaitHandleOptions, out bool)" path="/param|/exception"/>
    public Mutex(bool initiallyOwned, string? name, NamedWaitHandleOptions options)
        : this(initiallyOwned, name, options, out _)
    {
    }

    /// <summary>Opens a named mutex, or creates it.</summary>
    /// <param name="initiallyOwned">Whether the calling thread owns it, if this call creates it.</param>
    /// <param name="name">Its name, as for the other constructors. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <param name="createdNew">Whether this call has created it.</param>
    /// <inheritdoc cref="Mutex(bool, string, out bool)" path="/exception"/>
    public Mutex(bool initiallyOwned, string? name, NamedWaitHandleOptions options, out bool createdNew)
        : this(initiallyOwned, name, (NamedWaitHandleOptions?)options, out createdNew)
    {
    }

    private Mutex(bool initiallyOwned, string? name, NamedWaitHandleOptions? options, out bool createdNew)
    {
        if (string.IsNullOrEmpty(name))
        {
            _unnamed = new System.Threading.Mutex(initiallyOwned);
            SafeWaitHandle = _unnamed.SafeWaitHandle;
            createdNew = true;
        }
        else
        {
            _reference = Opening.Create(
                name, options, (key, file, isNew) => new MutexObject(key, file, isNew && initiallyOwned), out createdNew);
            Unwaitable.Mark(this);
        }
    }

    private Mutex(ObjectReference reference)
    {
        _reference = reference;
        Unwaitable.Mark(this);
    }

    ObjectReference? INamedHandle.Reference => _reference;

    /// <summary>Opens a named mutex that exists.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The name is empty or not valid.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">It does not exist, or the name belongs to an object of another kind.</exception>
    public static Mutex OpenExisting(string name) => new(Opening.OpenExisting(name, null, MakeExisting));

    /// <summary>Opens a named mutex that exists.</summary>
    /// <param name="name">Its name. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <inheritdoc cref="OpenExisting(string)" path="/exception"/>
    public static Mutex OpenExisting(string name, NamedWaitHandleOptions options) =>
        new(Opening.OpenExisting(name, options, MakeExisting));

    /// <summary>Opens a named mutex if it exists.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="result">The mutex.</param>
    /// <returns>False if it does not exist, or the name belongs to an object of another kind.</returns>
    /// <exception cref="ArgumentException">The name is empty or not valid.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    public static bool TryOpenExisting(string name, [NotNullWhen(true)] out Mutex? result) => TryOpenExisting(name, null, out result);

    /// <summary>Opens a named mutex if it exists.</summary>
    /// <param name="name">Its name. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <param name="result">The mutex.</param>
    /// <inheritdoc cref="TryOpenExisting(string, out Mutex)" path="/returns|/exception"/>
    public static bool TryOpenExisting(string name, NamedWaitHandleOptions options, [NotNullWhen(true)] out Mutex? result) =>
        TryOpenExisting(name, (NamedWaitHandleOptions?)options, out result);

    /// <summary>Releases the mutex once. Does not wait.</summary>
    /// <exception cref="ApplicationException">The calling thread does not own it.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public void ReleaseMutex()
    {
        if (_reference is null)
        {
            _unnamed!.ReleaseMutex();
            return;
        }

        using ObjectReference.Call call = _reference.Begin();
        ((MutexObject)call.Target).Release();
    }

    /// <summary>Blocks until the calling thread owns the mutex.</summary>
    /// <returns>True.</returns>
    /// <exception cref="AbandonedMutexException">The calling thread owns it. Its last owner ended without releasing it.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public override bool WaitOne() => WaitOne(Timeout.Infinite);

    /// <summary>Blocks until the calling thread owns the mutex, or the time runs out.</summary>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <returns>Whether the calling thread owns it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <inheritdoc cref="WaitOne()" path="/exception"/>
    public override bool WaitOne(int millisecondsTimeout) =>
        _reference is null ? base.WaitOne(millisecondsTimeout) : SingleWait.On(_reference, millisecondsTimeout);

    /// <summary>Blocks until the calling thread owns the mutex, or the time runs out.</summary>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(TimeSpan timeout) =>
        _reference is null ? base.WaitOne(timeout) : SingleWait.On(_reference, timeout);

    /// <summary>Blocks until the calling thread owns the mutex, or the time runs out.</summary>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(int millisecondsTimeout, bool exitContext) => WaitOne(millisecondsTimeout);

    /// <summary>Blocks until the calling thread owns the mutex, or the time runs out.</summary>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(TimeSpan timeout, bool exitContext) => WaitOne(timeout);

    /// <summary>Closes the handle. If it is the last one on the machine, the mutex ends, whether it is owned or not.</summary>
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

    private static bool TryOpenExisting(string name, NamedWaitHandleOptions? options, [NotNullWhen(true)] out Mutex? result)
    {
        result = Opening.TryOpenExisting(name, options, MakeExisting, out ObjectReference? reference) ? new Mutex(reference) : null;
        return result is not null;
    }

    private static MutexObject MakeExisting(ObjectKey key, ObjectFile file, bool isNew) => new(key, file, isTaken: false);
}
