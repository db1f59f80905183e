using System.Collections.Concurrent;

namespace Fairlead.Native.Waiting;

/// <summary>
/// Notifies clients that their descriptors are ready, for the whole process. A few threads wait on one epoll and run the callbacks
/// themselves, since a second hop to the thread pool costs more than the wake-up.
/// </summary>
/// <remarks>
/// A thread takes one event at a time: nothing queues behind its callback. If it was the last waiting thread, it starts another one before
/// the call: a blocking callback delays no other. When idle, all threads sleep in the kernel.
/// </remarks>
internal sealed unsafe class Reactor
{
    // One waits and one stands by: the first event after a silence must not pay for a new thread.
    private const int ThreadsKept = 2;

    // The most threads that park where they serve their client best, and not here.
    private const int MostStaying = 4;
    private static readonly TimeSpan SpareThreadLife = TimeSpan.FromSeconds(10);

    private static readonly RankedLock SharedGate = new(LockRank.SharedReactor);
    private static volatile Reactor? _shared;

    private readonly ConcurrentDictionary<ulong, Registration> _registrations = new();

    // Closed only if the first thread could not start: background threads wait on it to the end of the process.
    private readonly int _epoll;
    private readonly int _spareThreadMilliseconds;
    private ulong _lastToken;

    // Threads that wait, are about to, or are being started for that.
    private int _waiting;
    private int _threads;
    private int _staying;

    public Reactor()
        : this(SpareThreadLife)
    {
    }

    internal Reactor(TimeSpan spareThreadLife)
    {
        _spareThreadMilliseconds = WaitTime.Milliseconds(spareThreadLife);
        _epoll = Libc.EpollCreate(Libc.EPOLL_CLOEXEC);
        if (_epoll < 0)
        {
            throw ErrnoMap.Failure("cannot create the reactor", Libc.LastError);
        }

        try
        {
            StartThread();
        }
        catch
        {
            _ = Libc.Close(_epoll);
            throw;
        }
    }

    /// <summary>
    /// The reactor of this process, created on first use. Not by a static initializer: that would make a temporary EMFILE permanent.
    /// </summary>
    public static Reactor Shared
    {
        get
        {
            if (_shared is { } shared)
            {
                return shared;
            }

            using (SharedGate.Hold())
            {
                return _shared ??= new Reactor();
            }
        }
    }

    /// <summary>The number of threads that wait for events at this moment.</summary>
    internal int WaitingThreads => Volatile.Read(ref _waiting);

    /// <summary>The number of all its threads, in callbacks or not.</summary>
    internal int Threads => Volatile.Read(ref _threads);

    /// <summary>Registers <paramref name="descriptor"/>, silent until armed. Dispose the registration before the descriptor.</summary>
    public Registration Register(Descriptor descriptor, IReactorClient client)
    {
        var token = Interlocked.Increment(ref _lastToken);
        var registration = new Registration(this, token, descriptor, client);

        // Known before it is watched, since events may arrive from then on.
        _registrations[token] = registration;
        var error = Control(Libc.EPOLL_CTL_ADD, descriptor, token, PollEvents.OneShot);
        if (error != Errno.None)
        {
            _registrations.TryRemove(token, out _);
            throw ErrnoMap.WatchFailure($"cannot watch {descriptor}", error);
        }

        return registration;
    }

    internal bool Watch(Descriptor descriptor, ulong token, PollEvents events)
    {
        var error = Control(Libc.EPOLL_CTL_MOD, descriptor, token, events | PollEvents.OneShot);
        return error switch
        {
            Errno.None => true,
            Errno.EBADF or Errno.ENOENT => false,
            _ => throw ErrnoMap.Failure($"cannot watch {descriptor}", error),
        };
    }

    internal void Release(Descriptor descriptor, ulong token)
    {
        // The kernel removes it at the latest when it is closed. An event of a token that nothing is registered for is dropped.
        _ = Control(Libc.EPOLL_CTL_DEL, descriptor, token, PollEvents.None);
        _registrations.TryRemove(token, out _);
    }

    private Errno Control(int operation, Descriptor descriptor, ulong token, PollEvents events)
    {
        if (!descriptor.TryEnter())
        {
            return Errno.EBADF;
        }

        var error = Libc.EpollControl(_epoll, operation, descriptor.Number, token, events);
        descriptor.Exit();
        return error;
    }

    private void StartThread()
    {
        Interlocked.Increment(ref _waiting);
        Interlocked.Increment(ref _threads);
        try
        {
            BackgroundThread.Start("fairlead reactor", Run);
        }
        catch
        {
            Interlocked.Decrement(ref _waiting);
            Interlocked.Decrement(ref _threads);
            throw;
        }
    }

    private void Run()
    {
        while (TryWait(out var ready))
        {
            if (Interlocked.Decrement(ref _waiting) == 0)
            {
                TryStartThread();
            }

            if (_registrations.TryGetValue(ready.Token, out var registration))
            {
                Serve(registration, ready.Events);
            }

            Interlocked.Increment(ref _waiting);
        }

        Interlocked.Decrement(ref _threads);
    }

    /// <summary>Runs the callbacks. An exception of a client affects neither the others nor the thread.</summary>
    private void Serve(Registration registration, PollEvents events)
    {
        try
        {
            registration.Notify(events);
            try
            {
                if (Interlocked.Increment(ref _staying) <= MostStaying)
                {
                    while (registration.Park())
                    {
                    }
                }
            }
            finally
            {
                Interlocked.Decrement(ref _staying);
            }
        }
        catch (Exception exception)
        {
            Contain(registration, exception);
        }
    }

    private static void Contain(Registration registration, Exception exception)
    {
        FairleadEventSource.Log.Contained("the reactor", exception.ToString());
        Finishing.Do("the reactor", () => registration.Fail(exception));
    }

    /// <summary>Waits for one event; false if this thread is surplus and ends; it no longer counts then.</summary>
    private bool TryWait(out PollEvent ready)
    {
        var buffer = stackalloc byte[16];
        while (true)
        {
            var spare = Volatile.Read(ref _waiting) > ThreadsKept;
            var count = Libc.EpollWait(_epoll, buffer, 1, spare ? _spareThreadMilliseconds : -1);
            if (count > 0)
            {
                ready = Libc.EpollEventAt(buffer, 0);
                return true;
            }

            if (count < 0 && Libc.LastError is var error and not Errno.EINTR)
            {
                throw ErrnoMap.Failure("the reactor cannot wait", error);
            }

            if (count == 0 && TryLeave())
            {
                ready = default;
                return false;
            }
        }
    }

    private bool TryLeave()
    {
        var waiting = Volatile.Read(ref _waiting);
        while (waiting > ThreadsKept)
        {
            var seen = Interlocked.CompareExchange(ref _waiting, waiting - 1, waiting);
            if (seen == waiting)
            {
                return true;
            }

            waiting = seen;
        }

        return false;
    }

    private void TryStartThread()
    {
        try
        {
            StartThread();
        }
        catch (FairleadException)
        {
            // The system could not start a thread. The callback runs all the same. Only if it blocks, other clients have to wait; the next
            // event tries again.
        }
    }
}
