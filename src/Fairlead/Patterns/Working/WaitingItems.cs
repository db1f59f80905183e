namespace Fairlead.Patterns.Working;

/// <summary>The items of a work queue that a worker may get now: by priority, and those of one priority in their order.</summary>
/// <remarks>Owns a list for each priority that has been used. Under the queue's gate.</remarks>
internal sealed class WaitingItems
{
    private readonly LinkedList<WorkItem>?[] _lists = new LinkedList<WorkItem>?[byte.MaxValue + 1];

    // No list above it has an item.
    private int _highest;

    /// <summary>The items in the order in which they are handed out.</summary>
    public IEnumerable<WorkItem> All => _lists.AsEnumerable().Reverse().SelectMany(static list => list ?? []);

    /// <summary>Puts an item behind all others of its priority.</summary>
    public void Add(WorkItem item) => ListOf(item).AddLast(item.Place);

    /// <summary>Puts an item before all others of its priority.</summary>
    public void PutBack(WorkItem item) => ListOf(item).AddFirst(item.Place);

    /// <summary>Takes the first item out; null: none waits.</summary>
    public WorkItem? TryTake()
    {
        while (true)
        {
            if (_lists[_highest]?.First is { } first)
            {
                _lists[_highest]!.Remove(first);
                return first.Value;
            }

            if (_highest == 0)
            {
                return null;
            }

            _highest--;
        }
    }

    /// <summary>Whether it is one of these.</summary>
    public bool Has(WorkItem item) => item.Place.List is { } list && list == _lists[item.Options.Priority];

    /// <summary>Takes an item out; false: it is not here.</summary>
    public bool TryRemove(WorkItem item)
    {
        if (!Has(item))
        {
            return false;
        }

        _lists[item.Options.Priority]!.Remove(item.Place);
        return true;
    }

    public void Clear() => Array.ForEach(_lists, static list => list?.Clear());

    private LinkedList<WorkItem> ListOf(WorkItem item)
    {
        _highest = Math.Max(_highest, item.Options.Priority);
        return _lists[item.Options.Priority] ??= new LinkedList<WorkItem>();
    }
}
