namespace Fairlead.Patterns.Links;

/// <summary>Operations that were completed while locks were held; signalled when none is. Rented from its thread, so that nesting is harmless.</summary>
internal sealed class Completions
{
    [ThreadStatic]
    private static Completions? _free;

    private Operation[] _items = new Operation[16];
    private Completions? _next;
    private int _count;

    private Completions()
    {
    }

    public static Completions Rent()
    {
        if (_free is not { } list)
        {
            return new Completions();
        }

        _free = list._next;
        return list;
    }

    public void Add(Operation operation)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, 2 * _count);
        }

        _items[_count++] = operation;
    }

    /// <summary>How many wait asynchronously: they count as waiting until they are signalled.</summary>
    public int Awaiting
    {
        get
        {
            int count = 0;
            for (int i = 0; i < _count; i++)
            {
                count += _items[i].IsBlocking ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>Signals all in the order of their completion and gives the list back. No lock may be held.</summary>
    /// <param name="inline">Whether continuations may run on this thread: true on reactor threads, false on a user's.</param>
    public void Run(bool inline)
    {
        Operation? last = _count > 0 ? _items[_count - 1] : null;
        for (int i = 0; i < _count - 1; i++)
        {
            // One that blocks must not hold up those behind it: the last alone may run here, and mostly it is the only one.
            _items[i].Signal(inline: false);
        }

        Array.Clear(_items, 0, _count);
        _count = 0;

        // Given back before user code runs, which rents in its turn.
        _next = _free;
        _free = this;
        if (inline)
        {
            LockOrder.AssertNoneHeld();
        }

        last?.Signal(inline);
    }
}
