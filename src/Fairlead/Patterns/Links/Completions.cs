namespace Fairlead.Patterns.Links;

/// <summary>Operations that were completed while locks were held; signalled when none is. Rented from its thread, so that nesting is harmless.</summary>
internal sealed class Completions
{
    [ThreadStatic]
    private static Completions? _free;

    private Operation[] _items = new Operation[16];
    private int _count;

    private Completions()
    {
    }

    public static Completions Rent()
    {
        Completions? list = _free;
        _free = null;
        return list ?? new Completions();
    }

    public void Add(Operation operation)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, 2 * _count);
        }

        _items[_count++] = operation;
    }

    /// <summary>Signals all in the order of their completion and gives the list back. No lock may be held.</summary>
    /// <param name="inline">Whether continuations may run on this thread: true on reactor threads, false on a user's.</param>
    public void Run(bool inline)
    {
        for (int i = 0; i < _count; i++)
        {
            Operation operation = _items[i];
            _items[i] = null!;

            // One that blocks must not hold up those behind it: the last alone runs here, and mostly it is the only one.
            operation.Signal(inline && i == _count - 1);
        }

        _count = 0;
        _free = this;
    }
}
