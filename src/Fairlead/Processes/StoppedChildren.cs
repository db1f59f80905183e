using System.Runtime.InteropServices;

namespace Fairlead.Processes;

/// <summary>
/// Learns of children that stop and go on. Only SIGCHLD tells, and not of whom: each child whose stops are wanted is asked then. The
/// runtime hands the signal to everybody who has asked for it, so that this lives beside the base library's own processes.
/// </summary>
internal static class StoppedChildren
{
    private static readonly RankedLock Gate = new(LockRank.StoppedChildren);
    private static readonly HashSet<ChildProcess> Watched = [];
    private static PosixSignalRegistration? _registration;

    /// <summary>To be called before a child is started; kept to the end of the process.</summary>
    public static void Listen()
    {
        using (Gate.Hold())
        {
            _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGCHLD, static _ => Look());
        }
    }

    public static void Add(ChildProcess child)
    {
        using (Gate.Hold())
        {
            Watched.Add(child);
        }
    }

    /// <summary>The release of <see cref="Add"/>.</summary>
    public static void Remove(ChildProcess child)
    {
        using (Gate.Hold())
        {
            Watched.Remove(child);
        }
    }

    private static void Look()
    {
        ChildProcess[] all;
        using (Gate.Hold())
        {
            all = [.. Watched];
        }

        foreach (ChildProcess child in all)
        {
            child.LookForStops();
        }
    }
}
