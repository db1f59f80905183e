using Fairlead.Native;
using Fairlead.Transports;

namespace Fairlead.Patterns.Links;

/// <content>
/// A reactor thread that has served the asynchronous callers of an endpoint with one peer, who shares memory, stays: it sleeps on the memory, as a blocking caller does, and takes the next turn from there. The poll set
/// stays armed, so that another thread of the reactor sees whatever does not come through the memory; it, and whoever else leads, dismisses the one who stays.
/// </content>
internal sealed partial class EndpointCore
{
    // Who stays, and where; 0: nobody. Under the gate.
    private int _stay;
    private int _stays;
    private MemorySleep? _stayedAt;

    /// <inheritdoc/>
    bool IReactorClient.Stay()
    {
        MemorySleep sleep;
        int mine;
        using (_gate.Hold())
        {
            if (_stay != 0 || _isPumping || IsClosing || IsTornDown || !_isArmed || _wantsReactor || Volatile.Read(ref _asyncWaiters) == 0 || MemoryAlone is not { } link)
            {
                return false;
            }

            // Announced when the poll set was armed, and looked at behind that: what has come since has taken it back.
            sleep = link.Memory!.Sleep;
            if (!sleep.TryStay())
            {
                return false;
            }

            _stays = Math.Max(1, unchecked(_stays + 1));
            mine = _stay = _stays;
            _stayedAt = sleep;
        }

        sleep.Stay();
        bool leads;
        using (_gate.Hold())
        {
            leads = _stay == mine;
            if (leads)
            {
                _stay = 0;
                _stayedAt = null;

                // Free: whoever else had taken the role would have dismissed this thread.
                leads = TryLead();
            }
        }

        // Dismissed before it slept, it may have slept beside one who was announced later, and been woken in his place.
        sleep.EndStay(passesOn: !leads);
        if (!leads)
        {
            return false;
        }

        using PumpRole role = new(this, Completions.Rent(), isReactor: true);
        role.Serve(++_unpolledTurns >= TurnsPerPoll ? TimeSpan.Zero : null);
        return true;
    }

    /// <summary>Somebody else leads, or takes what lies in the memory. Under the gate.</summary>
    private void Dismiss()
    {
        if (_stay != 0)
        {
            _stay = 0;
            _stayedAt!.Unpark();
            _stayedAt = null;
        }
    }
}
