using System.Diagnostics.CodeAnalysis;

namespace Fairlead.Patterns.Links.Values;

/// <summary>A queue in a growing array, without allocations in the steady state and with access by index. Not thread-safe.</summary>
internal struct RingQueue<T>
{
    private T[]? _items;
    private int _head;

    public int Count { get; private set; }

    public readonly ref T this[int index] => ref _items![(_head + index) & (_items.Length - 1)];

    public void Enqueue(T item)
    {
        if (_items is null || Count == _items.Length)
        {
            Grow();
        }

        _items[(_head + Count++) & (_items.Length - 1)] = item;
    }

    public void EnqueueFirst(T item)
    {
        if (_items is null || Count == _items.Length)
        {
            Grow();
        }

        _head = (_head - 1) & (_items.Length - 1);
        _items[_head] = item;
        Count++;
    }

    public T Dequeue()
    {
        ref T slot = ref this[0];
        T item = slot;
        slot = default!;
        _head = (_head + 1) & (_items!.Length - 1);
        Count--;
        return item;
    }

    public T RemoveAt(int index)
    {
        if (index == 0)
        {
            return Dequeue();
        }

        T item = this[index];
        for (int i = index; i < Count - 1; i++)
        {
            this[i] = this[i + 1];
        }

        this[Count - 1] = default!;
        Count--;
        return item;
    }

    [MemberNotNull(nameof(_items))]
    private void Grow()
    {
        T[] larger = new T[Math.Max(16, 2 * Count)];
        for (int i = 0; i < Count; i++)
        {
            larger[i] = this[i];
        }

        _items = larger;
        _head = 0;
    }
}
