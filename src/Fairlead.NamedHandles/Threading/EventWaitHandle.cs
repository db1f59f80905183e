using System.Diagnostics.CodeAnalysis;
using Fairlead.NamedHandles.Names;
using Fairlead.NamedHandles.Threading;

namespace Fairlead.NamedHandles;

/// <summary>
/// The platform's <see cref="System.Threading.EventWaitHandle"/>, whose named ones work between processes on Linux, too. It belongs to no
/// process: the end of a process neither sets nor resets it.
/// </summary>
/// <remarks>
/// A named event lives as long as a process has it open. One that resets itself releases its waiters in the order of their arrival. An
/// event without a name is the platform's.
/// </remarks>
public class EventWaitHandle : WaitHandle, INamedHandle
{
    private static readonly HandleOpening Opening = new(ObjectKind.Event, EventObject.Size);

    private readonly System.Threading.EventWaitHandle? _unnamed;
    private readonly ObjectReference? _reference;

    /// <summary>Creates an event of this process.</summary>
    /// <param name="initialState">Whether it is set.</param>
    /// <param name="mode">Whether it resets itself when it has released a waiter.</param>
    /// <exception cref="ArgumentException">The mode is not valid.</exception>
    public EventWaitHandle(bool initialState, EventResetMode mode)
        : this(initialState, mode, name: null)
    {
    }

    /// <summary>Opens a named event, or creates it.</summary>
    /// <inheritdoc cref="EventWaitHandle(bool, EventResetMode, string, out bool)" path="/param|/exception"/>
    public EventWaitHandle(bool initialState, EventResetMode mode, string? name)
        : this(initialState, mode, name, out _)
    {
    }

    /// <summary>Opens a named event, or creates it.</summary>
    /// <param name="initialState">Whether it is set, if this call creates it.</param>
    /// <param name="mode">Whether it resets itself when it has released a waiter, if this call creates it.</param>
    /// <param name="name">
    /// Its name, case-sensitive, of 260 characters at most. With <c>Global\</c> all users of the machine share it; with <c>Local\</c>, or
    /// without a prefix, the processes of the user. Null or empty: an event of this process.
    /// </param>
    /// <param name="createdNew">Whether this call has created it.</param>
    /// <exception cref="ArgumentException">
    /// The mode is not valid. Or the name is too long, empty after its prefix, or has another backslash.
    /// </exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">The name belongs to an object of another kind.</exception>
    public EventWaitHandle(bool initialState, EventResetMode mode, string? name, out bool createdNew)
        : this(initialState, mode, name, options: null, out createdNew)
    {
    }

    /// <summary>Opens a named event, or creates it.</summary>
    /// <inheritdoc cref="EventWaitHandle(bool, EventResetMode, string, NamedWaitHandleOptions, out bool)" path="/param|/exception"/>
    public EventWaitHandle(bool initialState, EventResetMode mode, string? name, NamedWaitHandleOptions options)
        : this(initialState, mode, name, options, out _)
    {
    }

    /// <summary>Opens a named event, or creates it.</summary>
    /// <param name="initialState">Whether it is set, if this call creates it.</param>
    /// <param name="mode">Whether it resets itself when it has released a waiter, if this call creates it.</param>
    /// <param name="name">Its name, as for the other constructors. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <param name="createdNew">Whether this call has created it.</param>
    /// <inheritdoc cref="EventWaitHandle(bool, EventResetMode, string, out bool)" path="/exception"/>
    public EventWaitHandle(bool initialState, EventResetMode mode, string? name, NamedWaitHandleOptions options, out bool createdNew)
        : this(initialState, mode, name, (NamedWaitHandleOptions?)options, out createdNew)
    {
    }

    private EventWaitHandle(bool initialState, EventResetMode mode, string? name, NamedWaitHandleOptions? options, out bool createdNew)
    {
        if (mode is not (EventResetMode.AutoReset or EventResetMode.ManualReset))
        {
            throw new ArgumentException($"{mode} is not a mode of an event.", nameof(mode));
        }

        bool isAutomatic = mode == EventResetMode.AutoReset;
        if (string.IsNullOrEmpty(name))
        {
            ResetsItself = isAutomatic;
            _unnamed = new System.Threading.EventWaitHandle(initialState, mode);
            SafeWaitHandle = _unnamed.SafeWaitHandle;
            createdNew = true;
        }
        else
        {
            _reference = Opening.Create(
                name, options, (key, file, isNew) => new EventObject(key, file, isNew, initialState, isAutomatic), out createdNew);
            Unwaitable.Mark(this);
        }
    }

    private EventWaitHandle(ObjectReference reference)
    {
        _reference = reference;
        Unwaitable.Mark(this);
    }

    ObjectReference? INamedHandle.Reference => _reference;

    /// <summary>Whether an event without a name resets itself when it has released a waiter.</summary>
    internal bool ResetsItself { get; }

    /// <summary>Opens a named event that exists.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">The name is empty or not valid.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    /// <exception cref="WaitHandleCannotBeOpenedException">It does not exist, or the name belongs to an object of another kind.</exception>
    public static EventWaitHandle OpenExisting(string name) => new(Opening.OpenExisting(name, null, MakeExisting));

    /// <summary>Opens a named event that exists.</summary>
    /// <param name="name">Its name. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <inheritdoc cref="OpenExisting(string)" path="/exception"/>
    public static EventWaitHandle OpenExisting(string name, NamedWaitHandleOptions options) =>
        new(Opening.OpenExisting(name, options, MakeExisting));

    /// <summary>Opens a named event if it exists.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="result">The event.</param>
    /// <returns>False if it does not exist, or the name belongs to an object of another kind.</returns>
    /// <exception cref="ArgumentException">The name is empty or not valid.</exception>
    /// <exception cref="IOException">The machine has no space, files or threads left.</exception>
    /// <exception cref="UnauthorizedAccessException">It belongs to another user, or its directory may not be used.</exception>
    public static bool TryOpenExisting(string name, [NotNullWhen(true)] out EventWaitHandle? result) =>
        TryOpenExisting(name, null, out result);

    /// <summary>Opens a named event if it exists.</summary>
    /// <param name="name">Its name. A prefix must agree with the options.</param>
    /// <param name="options">Which processes share it.</param>
    /// <param name="result">The event.</param>
    /// <inheritdoc cref="TryOpenExisting(string, out EventWaitHandle)" path="/returns|/exception"/>
    public static bool TryOpenExisting(string name, NamedWaitHandleOptions options, [NotNullWhen(true)] out EventWaitHandle? result) =>
        TryOpenExisting(name, (NamedWaitHandleOptions?)options, out result);

    /// <summary>Sets the event. Does not wait.</summary>
    /// <returns>True.</returns>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public bool Set()
    {
        if (_reference is null)
        {
            return _unnamed!.Set();
        }

        using ObjectReference.Call call = _reference.Begin();
        ((EventObject)call.Target).Set();
        return true;
    }

    /// <summary>Resets the event. Threads that waited when it was set are released all the same. Does not wait.</summary>
    /// <returns>True.</returns>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public bool Reset()
    {
        if (_reference is null)
        {
            return _unnamed!.Reset();
        }

        using ObjectReference.Call call = _reference.Begin();
        ((EventObject)call.Target).Reset();
        return true;
    }

    /// <summary>Blocks until the event is set.</summary>
    /// <returns>True.</returns>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public override bool WaitOne() => WaitOne(Timeout.Infinite);

    /// <summary>Blocks until the event is set, or the time runs out.</summary>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <returns>Whether the event was set.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The time is below -1.</exception>
    /// <inheritdoc cref="WaitOne()" path="/exception"/>
    public override bool WaitOne(int millisecondsTimeout) =>
        _reference is null ? base.WaitOne(millisecondsTimeout) : SingleWait.On(_reference, millisecondsTimeout);

    /// <summary>Blocks until the event is set, or the time runs out.</summary>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(TimeSpan timeout) =>
        _reference is null ? base.WaitOne(timeout) : SingleWait.On(_reference, timeout);

    /// <summary>Blocks until the event is set, or the time runs out.</summary>
    /// <param name="millisecondsTimeout">The longest time in milliseconds; -1: no limit; 0: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(int millisecondsTimeout, bool exitContext) => WaitOne(millisecondsTimeout);

    /// <summary>Blocks until the event is set, or the time runs out.</summary>
    /// <param name="timeout">The longest time; -1 ms: no limit; zero: does not wait.</param>
    /// <param name="exitContext">Has no effect.</param>
    /// <inheritdoc cref="WaitOne(int)" path="/returns|/exception"/>
    public override bool WaitOne(TimeSpan timeout, bool exitContext) => WaitOne(timeout);

    /// <summary>Closes the handle. If it is the last one on the machine, the event ends.</summary>
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

    private static bool TryOpenExisting(string name, NamedWaitHandleOptions? options, [NotNullWhen(true)] out EventWaitHandle? result)
    {
        result = Opening.TryOpenExisting(name, options, MakeExisting, out ObjectReference? reference)
            ? new EventWaitHandle(reference)
            : null;
        return result is not null;
    }

    private static EventObject MakeExisting(ObjectKey key, ObjectFile file, bool isNew) =>
        new(key, file, isNew: false, isSet: false, isAutomatic: false);
}
