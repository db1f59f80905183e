namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Published items that the broker has not confirmed yet, by the numbers of their channel.</summary>
/// <remarks>Owns them under its lock. The publishing task adds; the client's thread settles. Numbers begin at 1 on each channel.</remarks>
internal sealed class PublishWindow<T>
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, T> _items = [];
    private ulong _lowest = 1;
    private ulong _next = 1;

    /// <summary>Adds the next item, before it is published: its confirmation may come before publishing returns.</summary>
    /// <returns>Its number.</returns>
    public ulong Add(T item)
    {
        lock (_gate)
        {
            _items.Add(_next, item);
            return _next++;
        }
    }

    /// <summary>Takes out what a confirmation is about, in order: one number, or all up to it.</summary>
    /// <param name="number">The number of the confirmation.</param>
    /// <param name="isMultiple">Whether it is about all lower numbers, too.</param>
    public List<T> Take(ulong number, bool isMultiple)
    {
        lock (_gate)
        {
            List<T> taken = [];
            for (ulong at = isMultiple ? _lowest : number; at <= number && at < _next; at++)
            {
                if (_items.Remove(at, out T? item))
                {
                    taken.Add(item);
                }
            }

            while (_lowest < _next && !_items.ContainsKey(_lowest))
            {
                _lowest++;
            }

            return taken;
        }
    }

    /// <summary>Returns the same items, which stay.</summary>
    /// <inheritdoc cref="Take" path="/param"/>
    public List<T> Peek(ulong number, bool isMultiple)
    {
        lock (_gate)
        {
            List<T> found = [];
            for (ulong at = isMultiple ? _lowest : number; at <= number && at < _next; at++)
            {
                if (_items.TryGetValue(at, out T? item))
                {
                    found.Add(item);
                }
            }

            return found;
        }
    }

    /// <summary>Takes out everything, in order, for another channel: its numbers begin again.</summary>
    public List<T> TakeAll()
    {
        lock (_gate)
        {
            List<T> all = new(_items.Count);
            for (ulong at = _lowest; at < _next; at++)
            {
                if (_items.Remove(at, out T? item))
                {
                    all.Add(item);
                }
            }

            _lowest = _next = 1;
            return all;
        }
    }
}
