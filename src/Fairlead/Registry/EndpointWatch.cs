using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fairlead.Diagnostics;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Native.Waiting;

namespace Fairlead.Registry;

/// <summary>Watches which endpoints live at an address.</summary>
/// <remarks>
/// Owns a watch of the directory of entries, and a descriptor of each process that has an endpoint there: a process that is killed leaves
/// its entry behind. Either only says that it is time to read again. Of one enumeration.
/// </remarks>
internal sealed class EndpointWatch(RuntimeDirectory directory, Address address) : IDisposable
{
    /// <summary>How long a change is missed at most that nothing reported: the kernel has a limit for watches, and for what they
    /// queue.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Dictionary<int, Life> _processes = [];
    private FolderWatch? _watch;

    /// <summary>Returns what lives there at first and after each change.</summary>
    public async IAsyncEnumerable<IReadOnlyList<EndpointInfo>> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Begin();
        HashSet<(int, DateTimeOffset, string, bool)>? last = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            EndpointInfo[] now = [.. EndpointRegistry.Find(address, directory)];
            Follow(now);
            HashSet<(int, DateTimeOffset, string, bool)> keys =
                [.. now.Select(static one => (one.ProcessId, one.Since, one.Kind, one.IsBound))];
            if (last is null || !last.SetEquals(keys))
            {
                last = keys;
                yield return now;
            }

            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _watch?.Dispose();
        foreach (Life process in _processes.Values)
        {
            process.Dispose();
        }
    }

    // Not watching: the user has as many watches as the kernel allows. The time alone is left.
    private void Begin() => _watch = FolderWatch.OfNames(
        directory.PrepareFolder(EndpointEntry.Folder),
        _ =>
        {
            Note();
            return true;
        });

    private void Note() => _changes.Writer.TryWrite(true);

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await _changes.Reader.ReadAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is time to look.
        }
    }

    /// <summary>Waits for the end of the processes that have an endpoint, and of no other.</summary>
    private void Follow(EndpointInfo[] endpoints)
    {
        HashSet<int> living = [.. endpoints.Where(static one => !one.IsInOtherNamespace).Select(static one => one.ProcessId)];
        foreach (int gone in _processes.Keys.Where(id => !living.Contains(id)).ToArray())
        {
            _processes.Remove(gone, out Life? life);
            life!.Dispose();
        }

        foreach (int id in living.Where(id => id != Environment.ProcessId && !_processes.ContainsKey(id)))
        {
            // One that has just ended is found gone at the next look.
            if (ProcessDescriptor.Open(id, out _) is { } descriptor)
            {
                _processes.Add(id, new Life(descriptor, Note));
            }
        }
    }

    /// <summary>The life of a process: tells of its end, once.</summary>
    private sealed class Life : IReactorClient, IDisposable
    {
        private readonly Descriptor _process;
        private readonly Action _ended;
        private readonly Registration _registration;

        public Life(Descriptor process, Action ended)
        {
            (_process, _ended) = (process, ended);
            _registration = Reactor.Shared.Register(process, this);
            _registration.Arm(PollEvents.Read);
        }

        void IReactorClient.OnReady(PollEvents events) => _ended();

        public void Dispose()
        {
            _registration.Dispose();
            _process.Dispose();
        }
    }
}
