using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Waiting;

namespace Fairlead.Registry;

/// <summary>
/// Reports changes of the files in a folder. All watches of the process share one queue of the kernel, of which a user has few.
/// </summary>
internal sealed class FolderWatch : IDisposable
{
    private readonly int? _folder;
    private readonly Func<string, bool> _concerns;
    private TaskCompletionSource _next = New();
    private volatile bool _isOver;

    private FolderWatch(int? folder, Func<string, bool> concerns)
    {
        _folder = folder;
        _concerns = concerns;
    }

    /// <summary>Whether the kernel reports changes: it has room for the watch, and the folder has not been removed.</summary>
    public bool IsWatching => _folder is not null && !_isOver;

    /// <summary>Whether the folder has been removed: only a new watch sees the one that takes its place.</summary>
    public bool IsOver => _isOver;

    /// <summary>Completes with the next change. Get it first and then look, or a change may be missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Begins to watch a folder for names that appear and disappear.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="concerns">Returns whether a name concerns the watch.</param>
    public static FolderWatch OfNames(string folder, Func<string, bool> concerns) => Queue.Begin(folder, closes: false, concerns);

    /// <summary>Begins to watch a folder for files that are closed after writing, or whose mapping ends.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="closed">Called with the name of each file, on a thread of the reactor. Must not block.</param>
    public static FolderWatch OfCloses(string folder, Action<string> closed) =>
        Queue.Begin(
            folder,
            closes: true,
            name =>
            {
                closed(name);
                return true;
            });

    /// <summary>Ends the watch.</summary>
    public void Dispose() => Queue.End(this);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Ring() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>The queue of the process, which lives as long as it does.</summary>
    private sealed class Queue : IReactorClient
    {
        private static readonly RankedLock Gate = new(LockRank.FolderWatches);
        private static readonly Dictionary<int, List<FolderWatch>> Watches = [];
        private static Descriptor? _queue;
        private static Registration? _registration;

        public static FolderWatch Begin(string folder, bool closes, Func<string, bool> concerns)
        {
            using (Gate.Hold())
            {
                int? number = Start() ? DirectoryChanges.Add(_queue!, folder, closes, out _) : null;
                FolderWatch watch = new(number, concerns);
                if (number is { } known)
                {
                    if (!Watches.TryGetValue(known, out List<FolderWatch>? others))
                    {
                        Watches.Add(known, others = []);
                    }

                    others.Add(watch);
                }

                return watch;
            }
        }

        public static void End(FolderWatch watch)
        {
            using (Gate.Hold())
            {
                if (watch._folder is { } number && Watches.TryGetValue(number, out List<FolderWatch>? others) && others.Remove(watch)
                    && others.Count == 0)
                {
                    Watches.Remove(number);
                    DirectoryChanges.Remove(_queue!, number);
                }
            }
        }

        void IReactorClient.OnReady(PollEvents events)
        {
            using (Gate.Hold())
            {
                DirectoryChanges.Take(_queue!, Changed);
                _registration!.Arm(PollEvents.Read);
            }
        }

        private static bool Start()
        {
            if (_queue is not null)
            {
                return true;
            }

            Descriptor? queue = DirectoryChanges.Create(out _);
            if (queue is null)
            {
                return false;
            }

            try
            {
                _registration = Reactor.Shared.Register(queue, new Queue());
                _registration.Arm(PollEvents.Read);
            }
            catch
            {
                queue.Dispose();
                throw;
            }

            _queue = queue;
            return true;
        }

        private static void Changed(int folder, string name)
        {
            IEnumerable<FolderWatch> concerned = folder == DirectoryChanges.AllDirectories ? Watches.Values.SelectMany(static all => all)
                : Watches.TryGetValue(folder, out List<FolderWatch>? some) ? some
                : [];
            foreach (FolderWatch watch in concerned)
            {
                // The folder itself has no name: it has been removed, or moved. Nor have all folders, when notifications were lost.
                watch._isOver |= name.Length == 0 && folder != DirectoryChanges.AllDirectories;
                if (name.Length == 0 || watch._concerns(name))
                {
                    watch.Ring();
                }
            }
        }
    }
}
