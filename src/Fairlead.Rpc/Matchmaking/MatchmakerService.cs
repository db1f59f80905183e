using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>Keeps the entries of servers, each as long as the stream that brought it.</summary>
/// <remarks>
/// One lock. Clients are strangers: entries are checked, and their number is limited, for each client and for all. A watcher that does not
/// read costs its stream only: it gets the newest list when it reads again. A change costs nothing to the watchers of other names.
/// </remarks>
/// <param name="mayRegister">Returns whether a client may register a service of this name; null: every client, every name.</param>
internal sealed class MatchmakerService(Func<Peer, string, bool>? mayRegister) : IMatchmaker
{
    /// <summary>The most entries and watches of one connection, or of one process of this machine.</summary>
    public const int MostOfClient = 256;

    /// <summary>The most entries of all.</summary>
    public const int Most = 10_000;

    /// <summary>The most entries of one list; a page has fewer.</summary>
    public const int MostOfList = 1_000;

    private const int MostOfPage = 100;

    // A watcher of changes that never end gets so many lists a second.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Instances _all = new();
    private readonly Dictionary<string, Instances> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<Peer, int> _clients = [];
    private long _last;

    /// <inheritdoc/>
    public IAsyncEnumerable<bool> RegisterAsync(ServiceEntry entry, CancellationToken cancellationToken)
    {
        // Here the caller is known, and not where the items are made.
        Peer client = RpcContext.Current!.Caller;
        if (entry.Fault() is { } fault)
        {
            throw new RpcException(MatchmakerError.BadEntry, $"the matchmaker does not take the entry: {fault}");
        }

        return mayRegister?.Invoke(client, entry.Name) == false
            ? throw new RpcException(MatchmakerError.Denied, $"the matchmaker lets {client} register no service '{entry.Name}'")
            : new Counted<bool>(this, client, KeepAsync(entry, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceEntry>> FindAsync(string name, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return new(InstancesOf(name)?.First(MostOfList) ?? []);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyList<ServiceEntry>> ListAsync(string name, CancellationToken cancellationToken) =>
        new Counted<IReadOnlyList<ServiceEntry>>(this, RpcContext.Current!.Caller, PagesAsync(name));

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyList<ServiceEntry>> WatchAsync(string name, CancellationToken cancellationToken) =>
        name.Length > 0 && !ServiceName.IsName(name)
            ? throw new RpcException(MatchmakerError.BadEntry, "the name is not one of a service")
            : new Counted<IReadOnlyList<ServiceEntry>>(this, RpcContext.Current!.Caller, ListsAsync(name, cancellationToken));

    private async IAsyncEnumerable<IReadOnlyList<ServiceEntry>> PagesAsync(string name)
    {
        long last = 0;
        while (true)
        {
            ServiceEntry[] page;
            lock (_lock)
            {
                page = InstancesOf(name)?.After(ref last, MostOfPage) ?? [];
            }

            if (page.Length == 0)
            {
                yield break;
            }

            yield return page;
            await Task.Yield();
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<ServiceEntry>> ListsAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Instances watched = Enter(name);
        try
        {
            IReadOnlyList<ServiceEntry>? last = null;
            while (true)
            {
                Task changed;
                IReadOnlyList<ServiceEntry> now;
                lock (_lock)
                {
                    changed = watched.Changed;
                    now = watched.First(MostOfList);
                }

                if (last is null || !now.SequenceEqual(last, ReferenceEqualityComparer.Instance))
                {
                    last = now;
                    yield return now;
                }

                await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                await Task.Delay(Pause, TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Leave(name);
        }
    }

    private async IAsyncEnumerable<bool> KeepAsync(ServiceEntry entry, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? number = null;
        try
        {
            number = Add(entry);
            yield return true;
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Remove(entry.Name, number);
        }
    }

    // Under the lock. Null: there are no instances of this name, and no watchers.
    private Instances? InstancesOf(string name) => name.Length == 0 ? _all : _names.GetValueOrDefault(name);

    private Instances Enter(string name)
    {
        lock (_lock)
        {
            Instances watched = InstancesOf(name) ?? (_names[name] = new Instances());
            watched.Watchers++;
            return watched;
        }
    }

    private void Leave(string name)
    {
        lock (_lock)
        {
            InstancesOf(name)!.Watchers--;
            Forget(name);
        }
    }

    private void Enter(Peer client)
    {
        lock (_lock)
        {
            int own = _clients.GetValueOrDefault(client);
            if (own == MostOfClient)
            {
                throw TooMany(string.Create(CultureInfo.InvariantCulture, $"{own} entries and watches of {client}"));
            }

            _clients[client] = own + 1;
        }
    }

    private void Leave(Peer client)
    {
        lock (_lock)
        {
            if (--_clients[client] == 0)
            {
                _clients.Remove(client);
            }
        }
    }

    private long Add(ServiceEntry entry)
    {
        lock (_lock)
        {
            if (_all.Count == Most)
            {
                throw TooMany(string.Create(CultureInfo.InvariantCulture, $"{Most} entries"));
            }

            _all.Add(++_last, entry);
            (InstancesOf(entry.Name) ?? (_names[entry.Name] = new Instances())).Add(_last, entry);
            return _last;
        }
    }

    private void Remove(string name, long? number)
    {
        lock (_lock)
        {
            if (number is { } added)
            {
                _all.Remove(added);
                InstancesOf(name)!.Remove(added);
                Forget(name);
            }
        }
    }

    // Under the lock. Strangers choose the names: those without instances and watchers cost nothing.
    private void Forget(string name)
    {
        if (InstancesOf(name) is { Count: 0, Watchers: 0 } instances && instances != _all)
        {
            _names.Remove(name);
        }
    }

    private static RpcException TooMany(string what) => new(MatchmakerError.TooMany, $"the matchmaker has {what}, and takes no more");

    /// <summary>The instances of one name, or of all, the eldest first. Under the lock of the service.</summary>
    private sealed class Instances
    {
        // Numbers only grow, so an entry is added at the end.
        private readonly SortedList<long, ServiceEntry> _entries = [];
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count => _entries.Count;

        public int Watchers { get; set; }

        /// <summary>Completes at the next change. Its continuations run elsewhere.</summary>
        public Task Changed => _changed.Task;

        public void Add(long number, ServiceEntry entry)
        {
            _entries.Add(number, entry);
            Change();
        }

        public void Remove(long number)
        {
            _entries.Remove(number);
            Change();
        }

        public IReadOnlyList<ServiceEntry> First(int most) => [.. _entries.Values.Take(most)];

        /// <summary>Returns the entries behind a number, and the number of the last of them.</summary>
        public ServiceEntry[] After(ref long last, int most)
        {
            int from = 0;
            for (int end = Count; from < end;)
            {
                int middle = (from + end) / 2;
                (from, end) = _entries.GetKeyAtIndex(middle) > last ? (from, middle) : (middle + 1, end);
            }

            int count = Math.Min(most, Count - from);
            ServiceEntry[] found = new ServiceEntry[count];
            for (int i = 0; i < count; i++)
            {
                found[i] = _entries.GetValueAtIndex(from + i);
            }

            last = count > 0 ? _entries.GetKeyAtIndex(from + count - 1) : last;
            return found;
        }

        private void Change()
        {
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>A stream of a client, which counts while its call lasts.</summary>
    /// <remarks>An iterator alone would begin to count when the client reads.</remarks>
    private sealed class Counted<T>(MatchmakerService service, Peer client, IAsyncEnumerable<T> items) : IAsyncEnumerable<T>
    {
        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            service.Enter(client);
            return new Enumerator(service, client, items.GetAsyncEnumerator(cancellationToken));
        }

        private sealed class Enumerator(MatchmakerService service, Peer client, IAsyncEnumerator<T> items) : IAsyncEnumerator<T>
        {
            public T Current => items.Current;

            public ValueTask<bool> MoveNextAsync() => items.MoveNextAsync();

            public async ValueTask DisposeAsync()
            {
                try
                {
                    await items.DisposeAsync().ConfigureAwait(false);
                }
                finally
                {
                    service.Leave(client);
                }
            }
        }
    }
}
