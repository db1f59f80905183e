using System.Globalization;
using System.Runtime.CompilerServices;

namespace Fairlead.Rpc.Matchmaking;

/// <summary>Keeps the entries of servers, each as long as the stream that brought it.</summary>
/// <remarks>
/// One lock. Clients are strangers: entries are checked, and their number is limited, for each client and for all. A watcher that does not
/// read costs its stream only: it gets the newest list when it reads again.
/// </remarks>
internal sealed class MatchmakerService : IMatchmaker
{
    /// <summary>The most entries and watches of one connection, or of one process of this machine.</summary>
    public const int MostOfClient = 256;

    /// <summary>The most entries of all.</summary>
    public const int Most = 10_000;

    private readonly Lock _lock = new();
    private readonly SortedDictionary<long, ServiceEntry> _entries = [];
    private readonly Dictionary<Peer, int> _clients = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;

    /// <inheritdoc/>
    public IAsyncEnumerable<bool> RegisterAsync(ServiceEntry entry, CancellationToken cancellationToken)
    {
        // Here the caller is known, and not where the items are made.
        Peer client = RpcContext.Current!.Caller;
        return entry.Fault() is { } fault
            ? throw new RpcException(MatchmakerError.BadEntry, $"the matchmaker does not take the entry: {fault}")
            : new Counted<bool>(this, client, KeepAsync(entry, cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ServiceEntry>> FindAsync(string name, CancellationToken cancellationToken) => new(Find(name, out _));

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyList<ServiceEntry>> WatchAsync(string name, CancellationToken cancellationToken) =>
        new Counted<IReadOnlyList<ServiceEntry>>(this, RpcContext.Current!.Caller, ListsAsync(name, cancellationToken));

    private async IAsyncEnumerable<IReadOnlyList<ServiceEntry>> ListsAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<ServiceEntry>? last = null;
        while (true)
        {
            IReadOnlyList<ServiceEntry> now = Find(name, out Task changed);
            if (last is null || !now.SequenceEqual(last, ReferenceEqualityComparer.Instance))
            {
                last = now;
                yield return now;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
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
            Remove(number);
        }
    }

    private IReadOnlyList<ServiceEntry> Find(string name, out Task changed)
    {
        lock (_lock)
        {
            changed = _changed.Task;
            return [.. _entries.Values.Where(entry => name.Length == 0 || entry.Name == name)];
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
            if (_entries.Count == Most)
            {
                throw TooMany(string.Create(CultureInfo.InvariantCulture, $"{Most} entries"));
            }

            _entries[++_last] = entry;
            Change();
            return _last;
        }
    }

    private void Remove(long? number)
    {
        lock (_lock)
        {
            if (number is { } added && _entries.Remove(added))
            {
                Change();
            }
        }
    }

    private static RpcException TooMany(string what) => new(MatchmakerError.TooMany, $"the matchmaker has {what}, and takes no more");

    // Under the lock: its continuations run elsewhere.
    private void Change()
    {
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
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
