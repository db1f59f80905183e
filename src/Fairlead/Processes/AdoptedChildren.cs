using System.Globalization;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Processes;

/// <summary>Collects the orphans that the kernel has given to this process, and leaves the children that it has started to their
/// owners.</summary>
/// <remarks>
/// <para>
/// The kernel does not say whether a zombie was adopted. <see cref="ChildProcess"/> registers what it starts. The base library collects its
/// children when it handles SIGCHLD, so a zombie that no code has collected after <see cref="Grace"/> was adopted.
/// </para>
/// <para>
/// Owns, under its lock, the numbers of the children that <see cref="ChildProcess"/> has started and not collected, and the zombies seen.
/// </para>
/// </remarks>
internal static class AdoptedChildren
{
    // A busy machine may handle a signal late, and the status of a child must not be lost.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly RankedLock Gate = new(LockRank.AdoptedChildren);
    private static readonly HashSet<int> Own = [];
    private static Dictionary<int, long> _seen = [];
    private static int _starting;

    /// <summary>Whether the kernel gives orphans to this process: it is pid 1 of its namespace, or a child subreaper.</summary>
    public static bool MayCome => NativeProcess.Id == NativeProcess.Initial || NativeProcess.IsSubreaper();

    /// <summary>Starts a child and registers it. Until then no zombie is collected: one may be this child.</summary>
    /// <param name="start">Starts the child, and returns its number; 0 if that failed.</param>
    public static int Start(Func<int> start)
    {
        using (Gate.Hold())
        {
            _starting++;
        }

        int id = 0;
        try
        {
            id = start();
        }
        finally
        {
            using (Gate.Hold())
            {
                _starting--;
                if (id > 0)
                {
                    Own.Add(id);
                }
            }
        }

        return id;
    }

    /// <summary>Notes that the status of a child has been collected.</summary>
    public static void Forget(int id)
    {
        using (Gate.Hold())
        {
            Own.Remove(id);
        }
    }

    /// <summary>Collects the zombies that were seen before the grace.</summary>
    private static void Collect()
    {
        if (ProcessDescriptor.AnyZombie() is not { } first)
        {
            return;
        }

        HashSet<int> zombies = [first, .. Zombies()];
        long now = Environment.TickCount64;
        using (Gate.Hold())
        {
            Dictionary<int, long> left = [];
            foreach (int zombie in zombies)
            {
                if (Own.Contains(zombie))
                {
                    continue;
                }

                long since = _seen.GetValueOrDefault(zombie, now);
                if (_starting > 0 || now - since < (long)Grace.TotalMilliseconds)
                {
                    left[zombie] = since;
                }
                else
                {
                    ProcessDescriptor.Collect(zombie);
                }
            }

            _seen = left;
        }
    }

    /// <summary>Returns the zombies whose parent is this process. <c>/proc</c> may hide some.</summary>
    private static IEnumerable<int> Zombies()
    {
        DirectoryInfo processes = new("/proc");
        return !processes.Exists ? [] : processes.EnumerateDirectories()
            .Select(static process => int.TryParse(process.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(static id => id > 0 && NativeProcess.IsZombieOfThis(id));
    }

    /// <summary>Looks for zombies on a thread that sleeps until a child ends.</summary>
    /// <remarks>
    /// SIGCHLD would do without the thread, but in pid 1 the runtime collects every child when it handles that signal.
    /// </remarks>
    internal sealed class Collector : IDisposable
    {
        private readonly ManualResetEventSlim _disposed = new();

        public Collector() => BackgroundThread.Start("fairlead orphans", Run);

        // Without a handle of the kernel, the event needs no disposal.
        public void Dispose() => _disposed.Set();

        private void Run()
        {
            bool hasChildren;
            do
            {
                // Without children, orphans may still come from programs that have joined the container.
                hasChildren = ProcessDescriptor.WaitForZombie();
                if (!_disposed.IsSet)
                {
                    Finishing.Do("orphans", Collect);
                }
            }
            while (!_disposed.Wait(hasChildren ? Grace : Pause));
        }
    }

    /// <summary>Stands for a collector in a process that adopts no children.</summary>
    internal sealed class NoCollector : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
