using Fairlead.Native;

namespace Fairlead.Patterns.Waiting;

/// <content>The items of the set.</content>
internal sealed partial class WaitCore
{
    private readonly Dictionary<ulong, WaitItem> _items = [];

    /// <summary>The outermost lock: items are attached one after the other, and none after the set is torn down.</summary>
    private readonly RankedLock _attaching = new(LockRank.WaitSetItems);

    /// <summary>The descriptors by number. Under <see cref="_attaching"/>.</summary>
    private readonly Dictionary<int, DescriptorItem> _byNumber = [];

    // Replaced and never changed: the waiting thread iterates over them without the gate.
    private volatile EndpointItem[] _endpoints = [];
    private volatile TimerItem[] _timers = [];
    private ulong _lastToken = WakeToken;

    /// <summary>The number of items that the user has attached.</summary>
    public int Count
    {
        get
        {
            using (_gate.Hold())
            {
                return _items.Values.Count(static item => item is not SilenceItem);
            }
        }
    }

    public ulong NextToken() => Interlocked.Increment(ref _lastToken);

    /// <summary>Adds an item; a thread that is already waiting waits for it, too. <see cref="WaitItem.Detach"/> removes it.</summary>
    public void Add(WaitItem item)
    {
        using (_attaching.Hold())
        {
            ThrowIfDisposed();
            using (_gate.Hold())
            {
                if (item is EndpointItem && _endpoints.Any(other => ReferenceEquals(other.Source, item.Source)))
                {
                    throw new InvalidOperationException($"{item.Source} is already in this set.");
                }

                _items.Add(item.Token, item);
            }

            try
            {
                item.Attach(_pollSet);
            }
            catch
            {
                Remove(item);
                throw;
            }

            using (_gate.Hold())
            {
                if (!_items.ContainsKey(item.Token))
                {
                    // It was ready, and a waiting thread has taken it out again: its endpoint has gone, or its handler has detached it.
                    return;
                }

                _endpoints = item is EndpointItem endpoint ? [.. _endpoints, endpoint] : _endpoints;
                _timers = item is TimerItem timer ? [.. _timers, timer] : _timers;
            }
        }

        // The item may be ready already, and a waiting thread has to include it.
        List(item);
    }

    /// <summary>Removes an item. Called by the item after it has released what it watched.</summary>
    public void Remove(WaitItem item)
    {
        using (_gate.Hold())
        {
            _items.Remove(item.Token);
            _endpoints = item is EndpointItem ? [.. _endpoints.Where(other => other != item)] : _endpoints;
            _timers = item is TimerItem ? [.. _timers.Where(other => other != item)] : _timers;
        }

        // A waiting thread may lead that endpoint.
        Recheck();
    }

    public void Unwatch(Descriptor descriptor) => _pollSet.Remove(descriptor);

    /// <summary>Registers the number of an item that is being attached.</summary>
    public void OnWatched(DescriptorItem item) => _byNumber[item.Number] = item;

    /// <summary>Stops watching a number, unless it belongs to another item.</summary>
    public void Unwatch(DescriptorItem item)
    {
        using (_attaching.Hold())
        {
            if (_byNumber.GetValueOrDefault(item.Number) == item)
            {
                _byNumber.Remove(item.Number);
                _pollSet.RemoveForeign(item.Number);
            }
        }
    }

    private WaitItem? Find(ulong token)
    {
        using (_gate.Hold())
        {
            return _items.GetValueOrDefault(token);
        }
    }
}
