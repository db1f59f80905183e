using System.Runtime.InteropServices;
using Fairlead.Native.Processes;

namespace Fairlead.Processes;

/// <summary>
/// Notices children that stop and continue. Only SIGCHLD reports that, and it does not name the child: so every child whose stops are
/// wanted is checked. The runtime hands the signal to every listener, and this works beside the base library's own processes.
/// </summary>
internal static class StoppedChildren
{
    private static readonly RankedLock Gate = new(LockRank.StoppedChildren);
    private static readonly HashSet<ChildProcess> Watched = [];
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);
    private static PosixSignalRegistration? _registration;
    private static ITimer? _polling;

    /// <summary>Begins to listen, to the end of the process. Call it before a child is started.</summary>
    /// <remarks>Pid 1 polls: when the runtime handles SIGCHLD there, it collects every child, and its status is lost.</remarks>
    public static void Listen()
    {
        using (Gate.Hold())
        {
            if (NativeProcess.Id == NativeProcess.Initial)
            {
                _polling ??= Alarm.Create(TimeProvider.System, new Poll(), Period, Period);
            }
            else
            {
                _registration ??= PosixSignalRegistration.Create(PosixSignal.SIGCHLD, static _ => Look());
            }
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

    private sealed class Poll : IAlarmed
    {
        public void OnAlarm() => Look();
    }
}
