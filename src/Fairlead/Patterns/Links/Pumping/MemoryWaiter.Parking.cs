using Fairlead.Transports;

namespace Fairlead.Patterns.Links.Pumping;

/// <content>Sleeping on the memory itself: the leader parks there, or a reactor thread after an iteration.</content>
internal sealed partial class MemoryWaiter
{
    /// <summary>Parks a reactor thread after an iteration. Returns whether it has parked and run the next iteration.</summary>
    public bool Park()
    {
        MemorySleep sleep;
        int mine;
        using (pump.Gate.Hold())
        {
            if (_parking != 0 || pump.IsLed || pump.IsWanted || !pump.IsArmed || pump.AwaitedEvents.Callers == 0
                || life.IsClosing || life.IsTornDown || Alone is not { } memory)
            {
                return false;
            }

            // The sleep was announced when the poll set was armed, and checked afterwards. Data that arrived since then has withdrawn it.
            sleep = memory.Sleep;
            if (!sleep.TryPark())
            {
                return false;
            }

            _stays = Math.Max(1, unchecked(_stays + 1));
            mine = _parking = _stays;
            _stayedAt = sleep;
        }

        sleep.Park();
        bool leads;
        using (pump.Gate.Hold())
        {
            leads = _parking == mine;
            if (leads)
            {
                _parking = 0;
                _stayedAt = null;

                // The role is free: a thread that had taken it would have cancelled this one's parking.
                leads = pump.TryLead();
            }
        }

        // If parking was cancelled before the sleep, this thread may have slept beside a later sleeper, and been woken in its place.
        sleep.EndPark(passesOn: !leads);
        if (!leads)
        {
            return false;
        }

        pump.BusyPoll.Serve(leads, Completions.Rent(), ++_unpolledTurns >= TurnsPerPoll ? TimeSpan.Zero : null);
        return true;
    }

    /// <summary>Cancels the parking, because another thread leads or takes the data in memory. Under the gate.</summary>
    public void CancelWaiters()
    {
        if (_parking != 0)
        {
            _parking = 0;
            _stayedAt!.Unpark();
            _stayedAt = null;
        }
    }

    private void Sleep(MemorySleep sleep, TimeSpan timeout)
    {
        using (pump.Gate.Hold())
        {
            // A peer rings no doorbell for a sleeper on the memory. The poll set reports only the peer's end, new peers, and wake-ups.
            if (!pump.Watch())
            {
                return;
            }

            Volatile.Write(ref _parked, sleep);
        }

        try
        {
            sleep.Sleep(timeout, _mayNotSleep ??= () => _isWoken);
        }
        finally
        {
            Volatile.Write(ref _parked, null);
        }
    }
}
