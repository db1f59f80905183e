namespace Fairlead.Patterns.Links.Values;

/// <summary>Keeps up to a fixed number of objects for the next use.</summary>
internal sealed class ObjectPool<T>(int most)
    where T : class
{
    private readonly RankedLock _gate = new(LockRank.ObjectPool);
    private T?[] _items = new T?[Math.Min(most, 16)];
    private int _count;

    public T? TryRent()
    {
        using (_gate.Hold())
        {
            if (_count == 0)
            {
                return null;
            }

            T item = _items[--_count]!;
            _items[_count] = null;
            return item;
        }
    }

    public void Return(T item)
    {
        using (_gate.Hold())
        {
            if (_count == _items.Length)
            {
                if (_count >= most)
                {
                    return;
                }

                Array.Resize(ref _items, Math.Min(most, 2 * _count));
            }

            _items[_count++] = item;
        }
    }
}
