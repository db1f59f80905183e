using Fairlead.Native;

namespace Fairlead.Patterns.Waiting;

/// <content>What is in the set.</content>
internal sealed partial class WaitCore
{
    private readonly Dictionary<ulong, WaitItem> _items = [];

    /// <summary>The outermost lock: things are attached one after the other, and none any more when the set is torn down.</summary>
    private readonly RankedLock _attaching = new(LockRank.WaitSetItems);

    /// <summary>Under <see cref="_attaching"/>.</summary>
    private readonly Dictionary<int, DescriptorItem> _byNumber = [];

    // Replaced, never changed: the waiting thread goes through them without the gate.
    private volatile EndpointItem[] _endpoints = [];
    private volatile TimerItem[] _timers = [];
    private ulong _lastToken = WakeToken;

    /// <summary>How many things are in the set.</summary>
    public int Count
    {
        get
        {
            using (_gate.Hold())
            {
                return _items.Count;
            }
        }
    }

    public ulong NextToken() => Interlocked.Increment(ref _lastToken);

    /// <summary>From now on it is waited for, also by a thread that waits already. The release is <see cref="WaitItem.Detach"/>.</summary>
    public void Add(WaitItem item)
    {
        using (_attaching.Hold())
        {
            ThrowIfDisposed();
            using (_gate.Hold())
            {
                if (item is EndpointItem && _endpoints.Any(other => ReferenceEquals(other.Source, item.Source)))
                {
                    throw new InvalidOperationException($"{item.Source} is in this set already.");
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
                _endpoints = item is EndpointItem endpoint ? [.. _endpoints, endpoint] : _endpoints;
                _timers = item is TimerItem timer ? [.. _timers, timer] : _timers;
            }
        }

        // It may be ready already; and a thread that waits takes its part.
        List(item);
    }

    /// <summary>By the item, which has let go of what it watched.</summary>
    public void Remove(WaitItem item)
    {
        using (_gate.Hold())
        {
            _items.Remove(item.Token);
            _endpoints = item is EndpointItem ? [.. _endpoints.Where(other => other != item)] : _endpoints;
            _timers = item is TimerItem ? [.. _timers.Where(other => other != item)] : _timers;
        }

        // A thread that waits may lead there.
        Nudge();
    }

    public void Unwatch(Descriptor descriptor) => _pollSet.Remove(descriptor);

    /// <summary>By an item that has just been attached.</summary>
    public void OnWatched(DescriptorItem item) => _byNumber[item.Number] = item;

    /// <summary>Lets go of a number, unless it is another's by now.</summary>
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
