using Fairlead.Synchronization.Waiting;

namespace Fairlead.NamedHandles.Threading;

/// <summary>
/// Waits for one of several handles, named ones and the platform's: <c>WaitAny</c>. The calling thread tries all in the order of the array,
/// and sleeps until one may be had. So it takes exactly the one that it returns.
/// </summary>
internal sealed class AnyWait : IDisposable
{
    private readonly WaitHandle[] _handles;

    // By index: the wait for a named object, or null and the handle of the platform in an array for the platform.
    private readonly Taking?[] _takings;
    private readonly WaitHandle[]?[] _others;

    private DirectSleep? _direct;

    /// <param name="handles">The handles: 1 to 64, none of them null, one of them named.</param>
    public AnyWait(WaitHandle[] handles)
    {
        _handles = handles;
        _takings = new Taking?[handles.Length];
        _others = new WaitHandle[]?[handles.Length];
        try
        {
            for (int i = 0; i < handles.Length; i++)
            {
                if (handles[i] is INamedHandle { Reference: { } reference })
                {
                    _takings[i] = new Taking(reference.Begin());
                }
                else
                {
                    _others[i] = [handles[i]];
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Blocks until one handle is taken, or the time runs out.</summary>
    /// <returns>Its index, or <see cref="WaitHandle.WaitTimeout"/>.</returns>
    /// <exception cref="AbandonedMutexException">It is a mutex whose last owner ended without releasing it; it is taken.</exception>
    public int Wait(Deadline deadline) => TryAll(joins: false) ?? Sleep(deadline);

    public void Dispose()
    {
        _direct?.Dispose();
        foreach (Taking? taking in _takings)
        {
            taking?.Dispose();
        }
    }

    private int Sleep(Deadline deadline)
    {
        Taking[] named = [.. _takings.OfType<Taking>()];
        NamedSleep? sleep = null;
        int[] indexes = [.. Enumerable.Range(0, _handles.Length).Where(index => _takings[index] is null)];
        bool isDirect = indexes.Length == 0 && DirectSleep.IsAvailable;
        Deadline directly = deadline.OrSooner(DirectSleep.Longest);
        while (true)
        {
            int ended = KeeperWatch.Ended;
            if (TryAll(joins: true) is { } taken)
            {
                return taken;
            }

            if (deadline.Passed)
            {
                return WaitHandle.WaitTimeout;
            }

            if (isDirect && !directly.Passed)
            {
                _direct ??= new DirectSleep();
                _direct.On(named, directly);
                continue;
            }

            sleep ??= new NamedSleep(named, [.. indexes.Select(index => _handles[index])]);
            try
            {
                int signalled = sleep.On(deadline, ended);
                if (signalled >= 0)
                {
                    return indexes[signalled];
                }
            }
            catch (AbandonedMutexException e) when (e.MutexIndex >= 0)
            {
                throw Abandoned(indexes[e.MutexIndex]);
            }
        }
    }

    // Joining the waiters of eight objects takes longer than a call that finds one of them signalled: at first it joins only where others
    // wait.
    private int? TryAll(bool joins)
    {
        for (int i = 0; i < _handles.Length; i++)
        {
            if (_takings[i] is { } taking)
            {
                if (taking.TryAdvance(joins))
                {
                    int index = i;
                    while (Before(index, joins) is { } earlier)
                    {
                        index = earlier;
                    }

                    return _takings[index] is { IsAbandoned: true } ? throw Abandoned(index) : index;
                }
            }
            else if (IsTaken(i))
            {
                return i;
            }
        }

        return null;
    }

    // A handle before the taken one may have been signalled after it was tried, and before the taken one was signalled. The platform would
    // have taken that one, so it is taken instead.
    private int? Before(int taken, bool joins)
    {
        if (_takings[taken] is not { } last)
        {
            // A handle of the platform cannot be given back in every case: it stays taken.
            return null;
        }

        try
        {
            for (int i = 0; i < taken; i++)
            {
                if (_takings[i]?.TryAdvance(joins) ?? IsTaken(i))
                {
                    last.Untake();
                    return i;
                }
            }
        }
        catch (AbandonedMutexException)
        {
            last.Untake();
            throw;
        }

        return null;
    }

    private bool IsTaken(int index)
    {
        try
        {
            return WaitHandle.WaitAny(_others[index]!, 0) == 0;
        }
        catch (AbandonedMutexException)
        {
            throw Abandoned(index);
        }
    }

    private AbandonedMutexException Abandoned(int index) => new(index, _handles[index]);
}
