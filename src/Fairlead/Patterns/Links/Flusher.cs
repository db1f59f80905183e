using Fairlead.Native;

namespace Fairlead.Patterns.Links;

/// <summary>
/// Writes what streaming senders left lying because less than a batch had come together. One thread for the process; it runs only while somebody streams:
/// then it looks every 100 µs, so that senders need not wake it, and sleeps for good after some rounds without work.
/// </summary>
internal static class Flusher
{
    private const int IdleRounds = 20;

    private static readonly TimeSpan Round = TimeSpan.FromMicroseconds(100);
    private static readonly Lock Gate = new();
    private static readonly EventDescriptor Wake = new();
    private static List<Link> _waiting = [];
    private static List<Link> _taken = [];
    private static bool _sleeps;
    private static Thread? _thread;

    /// <summary>The link's <see cref="Link.FlushDeferred"/> is called within some 100 µs. Called under the link's send lock.</summary>
    public static void Add(Link link)
    {
        lock (Gate)
        {
            _waiting.Add(link);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "fairlead flusher" };
                _thread.UnsafeStart();
            }
            else if (_sleeps)
            {
                _sleeps = false;
                Wake.Signal();
            }
        }
    }

    private static void Run()
    {
        int idle = 0;
        while (true)
        {
            bool sleeps = idle > IdleRounds;
            BlockingWait.Wait(Wake.Descriptor, PollEvents.Read, sleeps ? Timeout.InfiniteTimeSpan : Round);
            if (sleeps)
            {
                Wake.Drain();
                idle = 0;
            }

            lock (Gate)
            {
                (_waiting, _taken) = (_taken, _waiting);
                idle = _taken.Count > 0 ? 0 : idle + 1;
                _sleeps = idle > IdleRounds;
            }

            foreach (Link link in _taken)
            {
                link.FlushDeferred();
            }

            _taken.Clear();
        }
    }
}
