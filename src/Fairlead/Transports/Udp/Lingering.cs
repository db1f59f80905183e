namespace Fairlead.Transports.Udp;

/// <summary>
/// Sessions of this process whose last word has not arrived yet. The kernel would say it for a process that has ended; here the process
/// waits for it, a moment at most.
/// </summary>
internal static class Lingering
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly object Gate = new();
    private static int _count;
    private static bool _isWatched;

    /// <summary>The release is <see cref="Leave"/>.</summary>
    public static void Enter()
    {
        lock (Gate)
        {
            _count++;
            if (!_isWatched)
            {
                _isWatched = true;
                AppDomain.CurrentDomain.ProcessExit += static (_, _) => Wait();
            }
        }
    }

    public static void Leave()
    {
        lock (Gate)
        {
            if (--_count == 0)
            {
                Monitor.PulseAll(Gate);
            }
        }
    }

    private static void Wait()
    {
        Deadline deadline = Deadline.After(Patience);
        lock (Gate)
        {
            while (_count > 0 && !deadline.Passed)
            {
                Monitor.Wait(Gate, deadline.Remaining);
            }
        }
    }
}
