using System.Runtime.InteropServices;

namespace Fairlead.Processes;

/// <summary>
/// Notices children that stop and continue. Only SIGCHLD reports that, and it does not name the child: so every child whose stops are
/// wanted is checked. The runtime hands the signal to every listener, and this works beside the base library's own processes.
/// </summary>
internal static class StoppedChildren
{
    private static readonly RankedLock Gate = new(LockRank.StoppedChildren);
    private static readonly HashSet<ChildProcess> Watched = [];
    private static PosixSignalRegistration? _registration;

    /// <summary>Begins to listen, to the end of the process. Call it before a child is started.</summary>
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

    /// <summary>Undoes <see cref="Add"/>.</summary>
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
