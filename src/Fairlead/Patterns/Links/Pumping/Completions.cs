namespace Fairlead.Patterns.Links.Pumping;

/// <summary>Operations completed while locks are held, to be signalled when no lock is held.</summary>
/// <remarks>
/// Rented per thread, which makes nesting harmless. The operations are a linked list: adding one needs no memory and cannot fail.
/// </remarks>
internal sealed class Completions : IDisposable
{
    [ThreadStatic]
    private static Completions? _free;

    private Operation? _first;
    private Operation? _last;
    private Completions? _next;

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
        if (_last is null)
        {
            _first = operation;
        }
        else
        {
            _last.NextCompleted = operation;
        }

        _last = operation;
    }

    /// <summary>Signals all from a user's thread, even after an exception.</summary>
    public void Dispose() => Run(inline: false);

    /// <summary>The number of asynchronous operations, which count as waiting until they are signalled.</summary>
    public int Awaiting
    {
        get
        {
            int count = 0;
            for (Operation? operation = _first; operation is not null; operation = operation.NextCompleted)
            {
                count += operation.IsBlocking ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>Signals the blocking operations, removes the asynchronous ones (at least one), and returns the list to the pool.</summary>
    /// <remarks>No lock may be held.</remarks>
    /// <returns>The first and the last of the removed operations, which form a chain.</returns>
    public (Operation First, Operation Last) TakeAwaiting()
    {
        LockOrder.AssertNoneHeld();
        Operation? first = null;
        Operation? last = null;
        for (Operation? operation = ReturnToPool(), next; operation is not null; operation = next)
        {
            next = operation.NextCompleted;
            operation.NextCompleted = null;
            if (operation.IsBlocking)
            {
                Signal(operation, inline: false);
                continue;
            }

            first ??= operation;
            if (last is not null)
            {
                last.NextCompleted = operation;
            }

            last = operation;
        }

        return (first!, last!);
    }

    /// <summary>Signals all in order of completion and returns the list to the pool. No lock may be held.</summary>
    /// <param name="inline">Whether continuations may run on this thread: true on reactor threads, false on a user's thread.</param>
    public void Run(bool inline)
    {
        Operation? operation = ReturnToPool();
        if (inline)
        {
            LockOrder.AssertNoneHeld();
        }

        while (operation is not null)
        {
            // Read before it is signalled: from then on it belongs to its caller, which may use it again.
            Operation? next = operation.NextCompleted;
            operation.NextCompleted = null;

            // A continuation that blocks must not hold up those behind it. Only the last may run here, and usually it is the only one.
            Signal(operation, inline && next is null);
            operation = next;
        }
    }

    /// <summary>Returns the list to the pool before user code runs, which may rent again.</summary>
    /// <returns>The first operation that was in the list.</returns>
    private Operation? ReturnToPool()
    {
        Operation? first = _first;
        _first = _last = null;
        _next = _free;
        _free = this;
        return first;
    }

    /// <summary>Signals an operation and contains the exceptions of its continuation or scheduler.</summary>
    /// <remarks>They must harm neither other callers nor the thread, which may be shared.</remarks>
    public static void Signal(Operation operation, bool inline)
    {
        try
        {
            operation.Signal(inline);
        }
        catch (Exception exception)
        {
            FairleadEventSource.Log.Contained("a continuation", exception.ToString());
        }
    }
}
