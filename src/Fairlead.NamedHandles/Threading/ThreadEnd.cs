using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// A thread that has owned a named mutex, and the watch for its end: mutexes that it owns then are abandoned. The kernel reports the end by
/// a descriptor of the thread, from Linux 6.9 on. On older kernels the garbage collector reports it, when it finds that the thread's static
/// fields are gone.
/// </summary>
internal sealed class ThreadEnd : IReactorClient
{
    [ThreadStatic]
    private static ThreadEnd? _current;

    // Its finalizer runs after the end of the thread.
    [ThreadStatic]
    private static Remains? _remains;

    private readonly Descriptor? _descriptor;
    private readonly Registration? _registration;

    private ThreadEnd()
    {
        _descriptor = IsDenied ? null : ProcessDescriptor.OpenThread(Thread, out _);
        if (_descriptor is null)
        {
            // An old kernel, or no descriptors left.
            _remains = new Remains(this);
            return;
        }

        try
        {
            _registration = Reactor.Shared.Register(_descriptor, this);
            _ = _registration.Arm(PollEvents.Read);
        }
        catch (FairleadException)
        {
            // No watches left.
            _descriptor.Dispose();
            _descriptor = null;
            _remains = new Remains(this);
        }
    }

    /// <summary>For tests: the kernel appears to have no descriptors of threads.</summary>
    [field: ThreadStatic]
    internal static bool IsDenied { get; set; }

    /// <summary>The calling thread.</summary>
    public static ThreadEnd Current => _current ??= new ThreadEnd();

    /// <summary>The kernel's ID of the thread.</summary>
    public int Thread { get; } = NativeThread.Id;

    /// <summary>Returns whether this is the calling thread.</summary>
    public bool IsCurrent => _current == this;

    void IReactorClient.OnReady(PollEvents events)
    {
        if (!HasEnded())
        {
            _ = _registration!.Arm(PollEvents.Read);
            return;
        }

        _registration!.Dispose();
        _descriptor!.Dispose();
        OpenObjects.AbandonThoseOf(this);
    }

    // The reactor may call without reason.
    private bool HasEnded() => BlockingWait.Wait(_descriptor!, PollEvents.Read, TimeSpan.Zero) != PollEvents.None;

    private sealed class Remains(ThreadEnd thread)
    {
        ~Remains() => PoolWork.Queue(nameof(ThreadEnd), OpenObjects.AbandonThoseOf, thread);
    }
}
