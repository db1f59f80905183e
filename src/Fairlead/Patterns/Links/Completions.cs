namespace Fairlead.Patterns.Links;

/// <summary>
/// Operations that were completed while locks were held; signalled when none is. Rented from its thread, so that nesting is harmless. They
/// hang together by themselves: adding one takes no memory, and cannot fail.
/// </summary>
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

    /// <summary>Signals all from a user's thread, whatever was thrown meanwhile.</summary>
    public void Dispose() => Run(inline: false);

    /// <summary>How many wait asynchronously: they count as waiting until they are signalled.</summary>
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

    /// <summary>
    /// Signals those whose callers block, takes out the others, of which there are some, and gives the list back. No lock may be held.
    /// </summary>
    /// <returns>The first and the last of those that were taken out, which hang together.</returns>
    public (Operation First, Operation Last) TakeAwaiting()
    {
        LockOrder.AssertNoneHeld();
        Operation? first = null;
        Operation? last = null;
        for (Operation? operation = GiveBack(), next; operation is not null; operation = next)
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

    /// <summary>Signals all in the order of their completion and gives the list back. No lock may be held.</summary>
    /// <param name="inline">Whether continuations may run on this thread: true on reactor threads, false on a user's.</param>
    public void Run(bool inline)
    {
        Operation? operation = GiveBack();
        if (inline)
        {
            LockOrder.AssertNoneHeld();
        }

        while (operation is not null)
        {
            // Read before it is signalled: from then on it is its caller's, who may use it again.
            Operation? next = operation.NextCompleted;
            operation.NextCompleted = null;

            // One that blocks must not hold up those behind it: the last alone may run here, and mostly it is the only one.
            Signal(operation, inline && next is null);
            operation = next;
        }
    }

    /// <summary>Before user code runs, which rents in its turn.</summary>
    /// <returns>The first that was in it.</returns>
    private Operation? GiveBack()
    {
        Operation? first = _first;
        _first = _last = null;
        _next = _free;
        _free = this;
        return first;
    }

    /// <summary>
    /// What a continuation throws, or a scheduler that does not take it, costs neither the other callers nor the thread, which may be
    /// everybody's.
    /// </summary>
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
