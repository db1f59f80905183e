namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// Waits for all of several handles, named ones and the platform's: <c>WaitAll</c>. No step takes objects of several processes together. So
/// the calling thread tries all without waiting, and if one cannot be had releases the others and waits for that one, while it holds
/// nothing. Others may see for a moment that a handle is taken and released. The platform takes its own handles together.
/// </summary>
internal sealed class AllWait : IDisposable
{
    private const int LongestPause = 16;
    private const int NoHandle = -1;

    private readonly WaitHandle[] _handles;
    private readonly int[] _named;
    private readonly Taking[] _takings;
    private readonly WaitHandle[] _others;
    private readonly int[] _otherIndexes;

    // Which are taken: the first named ones, without the one that was waited for, and that one.
    private readonly bool[] _isTaken;

    // How often each of them, and the platform's together, was missing.
    private readonly int[] _misses;
    private bool _areOthersTaken;

    // The mutex of the platform that was abandoned: only its first taker is told, so this waits until the call succeeds.
    private int _abandonedOther = NoHandle;

    /// <param name="waitHandles">The handles: 1 to 64, none of them null, one of them named.</param>
    /// <exception cref="DuplicateWaitObjectException">Two of them are the same object.</exception>
    /// <exception cref="NotSupportedException">Taking a handle of the platform, of an unknown kind, could not be undone.</exception>
    public AllWait(WaitHandle[] waitHandles)
    {
        _handles = waitHandles;
        _named = [.. Enumerable.Range(0, waitHandles.Length).Where(index => IsNamed(waitHandles[index]))];
        _otherIndexes = [.. Enumerable.Range(0, waitHandles.Length).Except(_named)];
        _others = [.. _otherIndexes.Select(index => waitHandles[index])];
        _isTaken = new bool[_named.Length];
        _misses = new int[_named.Length + 1];
        foreach (WaitHandle other in _others)
        {
            PlatformHandles.Require(other);
        }

        List<Taking> takings = [];
        try
        {
            foreach (int index in _named)
            {
                takings.Add(new Taking(((INamedHandle)waitHandles[index]).Reference!.Begin()));
            }

            if (takings.DistinctBy(static taking => taking.Target).Count() < takings.Count || _others.Distinct().Count() < _others.Length)
            {
                throw new DuplicateWaitObjectException(nameof(waitHandles));
            }
        }
        catch
        {
            takings.ForEach(static taking => taking.Dispose());
            throw;
        }

        _takings = [.. takings];
    }

    /// <summary>Blocks until all are taken, or the time runs out: then none is.</summary>
    /// <exception cref="AbandonedMutexException">All are taken, and a mutex among them was abandoned.</exception>
    public bool Wait(Deadline deadline)
    {
        try
        {
            while (true)
            {
                int missing = TryAll();
                if (missing == NoHandle)
                {
                    ThrowIfAbandoned();
                    return true;
                }

                UntakeAll();
                if (deadline.Passed)
                {
                    return false;
                }

                Pause(_misses[missing]++);
                if (!WaitFor(missing, deadline))
                {
                    return false;
                }
            }
        }
        catch (Exception e) when (e is not AbandonedMutexException)
        {
            UntakeAll();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (Taking taking in _takings)
        {
            taking.Dispose();
        }
    }

    private static bool IsNamed(WaitHandle handle) => handle is INamedHandle { Reference: not null };

    // A handle that is missing again: this call had it, and lacked another. Two calls that take each other's handles away pause for
    // different times.
    private static void Pause(int misses)
    {
        int milliseconds = misses == 0 ? 0 : Random.Shared.Next(1 + Math.Min(LongestPause, 1 << Math.Min(misses, 8)));
        if (milliseconds > 0)
        {
            NamedSleep.Pause(milliseconds);
        }
    }

    /// <summary>Takes what is not taken yet, without waiting; returns which cannot be had, or that all are taken.</summary>
    private int TryAll()
    {
        for (int i = 0; i < _takings.Length; i++)
        {
            if (_isTaken[i])
            {
                continue;
            }

            if (!_takings[i].TryAdvance())
            {
                _takings[i].Leave();
                return i;
            }

            _isTaken[i] = true;
        }

        // Last, because the platform takes all of its handles or none.
        return _others.Length == 0 || _areOthersTaken || TryOthers(0) ? NoHandle : _takings.Length;
    }

    private bool WaitFor(int missing, Deadline deadline)
    {
        if (missing == _takings.Length)
        {
            return TryOthers(NamedSleep.Milliseconds(deadline.RemainingWait));
        }

        _isTaken[missing] = NamedSleep.Take(_takings[missing], deadline);
        if (!_isTaken[missing])
        {
            _takings[missing].Leave();
        }

        return _isTaken[missing];
    }

    private bool TryOthers(int milliseconds)
    {
        try
        {
            _areOthersTaken = WaitHandle.WaitAll(_others, milliseconds);
        }
        catch (AbandonedMutexException e)
        {
            _areOthersTaken = true;
            _abandonedOther = e.MutexIndex >= 0 ? _otherIndexes[e.MutexIndex] : _otherIndexes[0];
        }

        return _areOthersTaken;
    }

    private void UntakeAll()
    {
        for (int i = 0; i < _takings.Length; i++)
        {
            if (_isTaken[i])
            {
                _isTaken[i] = false;
                _takings[i].Untake();
            }
        }

        if (_areOthersTaken)
        {
            _areOthersTaken = false;
            foreach (WaitHandle other in _others)
            {
                PlatformHandles.Untake(other);
            }
        }
    }

    private void ThrowIfAbandoned()
    {
        int first = _abandonedOther;
        for (int i = _takings.Length - 1; i >= 0; i--)
        {
            if (_takings[i].IsAbandoned && (first == NoHandle || _named[i] < first))
            {
                first = _named[i];
            }
        }

        if (first != NoHandle)
        {
            throw new AbandonedMutexException(first, _handles[first]);
        }
    }
}
