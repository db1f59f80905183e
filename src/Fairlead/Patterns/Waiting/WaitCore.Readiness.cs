namespace Fairlead.Patterns.Waiting;

/// <content>What is to be looked at, and who is woken for it.</content>
internal sealed partial class WaitCore
{
    private List<WaitItem> _listed = [];
    private List<WaitItem> _looking = [];
    private bool _isAsleep;
    private bool _isRoleOffered;
    private bool _mustLook;

    /// <summary>Something may be ready: it is looked at before the thread sleeps again.</summary>
    public void List(WaitItem item)
    {
        using (_gate.Hold())
        {
            if (!item.IsListed && !item.IsDetached)
            {
                item.IsListed = true;
                _listed.Add(item);
                WakeSleeper();
            }
        }
    }

    /// <summary>An endpoint is pumped by nobody.</summary>
    public void OfferRole()
    {
        using (_gate.Hold())
        {
            _isRoleOffered = true;
            WakeSleeper();
        }
    }

    /// <summary>Makes the waiting thread look at everything: its token, its timers, what came and went.</summary>
    public void Nudge()
    {
        using (_gate.Hold())
        {
            _mustLook = true;
            WakeSleeper();
        }
    }

    /// <summary>Under the gate. Once for a sleep: it sleeps again when it has looked.</summary>
    private void WakeSleeper()
    {
        if (_isAsleep)
        {
            _isAsleep = false;
            _wake.Signal();
        }
    }

    /// <summary>Looks at what may be ready. By the waiting thread.</summary>
    private void Collect()
    {
        using (_gate.Hold())
        {
            (_listed, _looking) = (_looking, _listed);
            foreach (WaitItem item in _looking)
            {
                item.IsListed = false;
            }
        }

        foreach (WaitItem item in _looking)
        {
            if (!item.IsDetached && Look(item) && item is EndpointItem)
            {
                // Ready until it is found not to be: its messages are not taken here.
                List(item);
            }
        }

        _looking.Clear();
        foreach (TimerItem timer in _timers)
        {
            Look(timer);
        }
    }

    private bool Look(WaitItem item)
    {
        Readiness ready = item.Take(out int count);
        if (ready == Readiness.None)
        {
            return false;
        }

        if (_count == _found.Length)
        {
            Array.Resize(ref _found, 2 * _count);
        }

        _found[_count++] = new ReadyItem(item, ready, count);
        return true;
    }
}
