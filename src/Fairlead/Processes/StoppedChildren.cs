using System.Runtime.InteropServices;

namespace Fairlead;

/// <summary>
/// Learns of children that stop and go on. Only SIGCHLD tells, and not of whom: each child whose stops are wanted is asked then. The runtime hands the signal to everybody who has asked for it, so that
/// this lives beside the base library's own processes.
/// </summary>
internal static class StoppedChildren
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<ChildProcess> Watched = [];
    private static PosixSignalRegistration? _registration;

    /// <summary>To be called before a child is started; kept to the end of the process.</summary>
    public static void Listen()
    {
        lock (Gate)
        {
            _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGCHLD, static _ => Look());
        }
    }

    public static void Add(ChildProcess child)
    {
        lock (Gate)
        {
            Watched.Add(child);
        }
    }

    /// <summary>The release of <see cref="Add"/>.</summary>
    public static void Remove(ChildProcess child)
    {
        lock (Gate)
        {
            Watched.Remove(child);
        }
    }

    private static void Look()
    {
        ChildProcess[] all;
        lock (Gate)
        {
            all = [.. Watched];
        }

        foreach (ChildProcess child in all)
        {
            child.LookForStops();
        }
    }
}
