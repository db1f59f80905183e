using Fairlead.Native.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// The first sleep of a thread that waits for named objects: on their words themselves, which saves the hop through a waiter thread. This
/// sleep cannot be interrupted, and the end of a watched process does not end it. So it is short.
/// </summary>
internal sealed class DirectSleep : IDisposable
{
    /// <summary>How long a wait sleeps directly in all.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(20);

    private readonly FutexSet _words = new();

    /// <summary>Whether the kernel can let a thread sleep on several words.</summary>
    public static bool IsAvailable => FutexSet.IsAvailable;

    /// <summary>Sleeps until one of the objects may be had, or the time runs out.</summary>
    public void On(Taking[] named, Deadline deadline)
    {
        _words.Clear();
        foreach (Taking taking in named)
        {
            taking.AddTo(_words);
        }

        _words.Sleep(deadline.Remaining);
        foreach (Taking taking in named)
        {
            taking.PassOn();
        }
    }

    public void Dispose() => _words.Free();
}
