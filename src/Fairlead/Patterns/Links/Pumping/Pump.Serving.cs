using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.Patterns.Links.Pumping;

/// <content>The iterations of the leader.</content>
internal sealed partial class Pump
{
    /// <summary>Makes sure that data that has arrived is handled, by this thread or by the leader.</summary>
    /// <remarks>
    /// The state that a caller finds afterwards, such as a full window, is current. Waits for no sleeping thread, and only for iterations,
    /// which run no user code.
    /// </remarks>
    public void CatchUp()
    {
        int before = Volatile.Read(ref _turns);
        while (!TryTurn())
        {
            // An iteration may have begun before the data arrived; the next one handles it.
            if (unchecked(Volatile.Read(ref _turns) - before) >= 2 || !(_isInTurn || PollSet.HasEvents))
            {
                return;
            }

            Thread.Yield();
        }
    }

    /// <summary>Runs one iteration without waiting. Returns false if another thread leads.</summary>
    public bool TryTurn()
    {
        Completions completions = Completions.Rent();
        bool leads;
        using (_gate.Hold())
        {
            leads = TryLead();
        }

        using PumpRole role = new(leads ? this : null, completions, isReactor: false);
        role.Turn();
        return leads;
    }

    /// <summary>Runs one iteration in which a link reads, without a look at the poll set. Does nothing if another thread leads.</summary>
    /// <param name="token">The token of the link, to which another thread of the process has sent something.</param>
    /// <param name="inline">Whether continuations may run on this thread.</param>
    public void TryServe(ulong token, bool inline)
    {
        Completions completions = Completions.Rent();
        bool leads;
        using (_gate.Hold())
        {
            leads = TryLead();
        }

        using PumpRole role = new(leads ? this : null, completions, isReactor: inline);
        role.Serve(null, token);
    }

    /// <summary>Waits, and handles what has arrived. Called by the leader.</summary>
    public void Turn(TimeSpan timeout, Completions completions)
    {
        TimeSpan? poll = timeout == TimeSpan.Zero || MemoryWaiter.Announcing.Length == 0 ? timeout : MemoryWaiter.Wait(timeout);
        if (poll > TimeSpan.Zero && poll < TimeSpan.FromMilliseconds(1))
        {
            // The poll set counts in milliseconds.
            BlockingWait.Wait(PollSet.Descriptor, PollEvents.Read, poll.Value);
            poll = TimeSpan.Zero;
        }

        Serve(poll, completions);
    }

    /// <summary>Checks the poll set, and handles what has arrived there and in memory. Called by the leader.</summary>
    /// <param name="poll">How long to wait on the poll set; null does not check it at all.</param>
    /// <param name="completions">Gets the completed operations.</param>
    /// <param name="readable">The token of a link that is readable, whatever the poll set says; 0: none is known.</param>
    public void Serve(TimeSpan? poll, Completions completions, ulong readable = 0)
    {
        if (Volatile.Read(ref _wantsReactor))
        {
            // This iteration does all work requested by now; later requests are counted separately.
            using (_gate.Hold())
            {
                _wantsReactor = false;
            }
        }

        int count = 0;
        if (poll is { } wait)
        {
            MemoryWaiter.NotePoll();
            count = PollSet.Wait(_events, wait);
        }

        // Set while the events are still readable, which leaves no moment at which no thread seems busy.
        _isInTurn = true;
        try
        {
            _owner.OnAwake(completions);
            for (int i = 0; i < count; i++)
            {
                (ulong token, PollEvents events) = _events[i];
                if (token == WakeToken)
                {
                    _wake.Drain();
                }
                else
                {
                    _owner.OnReady(token, events, completions);
                }
            }

            if (readable != 0)
            {
                _owner.OnReady(readable, PollEvents.Read, completions);
            }

            _owner.Settle(completions);
        }
        finally
        {
            Interlocked.Increment(ref _turns);
            _isInTurn = false;
        }
    }
}
