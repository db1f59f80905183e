namespace Fairlead.Transports.Udp;

/// <summary>Sessions of this process whose final data has not arrived yet.</summary>
/// <remarks>The kernel would still send such data for a process that has ended. Here the exiting process waits for it, for one second at
/// most.</remarks>
internal static class Lingering
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly object Gate = new();
    private static int _count;
    private static bool _isWatched;

    /// <summary>Adds a session. <see cref="Leave"/> removes it.</summary>
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
