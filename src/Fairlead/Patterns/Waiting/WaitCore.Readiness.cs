namespace Fairlead.Patterns.Waiting;

/// <content>The items to check, and waking the waiting thread for them.</content>
internal sealed partial class WaitCore
{
    private List<WaitItem> _listed = [];
    private List<WaitItem> _looking = [];
    private bool _isAsleep;
    private bool _isRoleOffered;
    private bool _mustLook;

    /// <summary>Lists an item that may be ready. The waiting thread checks it before it sleeps again.</summary>
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

    /// <summary>Tells the waiting thread that no thread pumps an endpoint.</summary>
    public void OfferRole()
    {
        using (_gate.Hold())
        {
            _isRoleOffered = true;
            WakeSleeper();
        }
    }

    /// <summary>Makes the waiting thread check everything: its token, its timers, added and removed items.</summary>
    public void Recheck()
    {
        using (_gate.Hold())
        {
            _mustLook = true;
            WakeSleeper();
        }
    }

    /// <summary>Wakes the waiting thread, once per sleep: it checks before it sleeps again. Under the gate.</summary>
    private void WakeSleeper()
    {
        if (_isAsleep)
        {
            _isAsleep = false;
            _wake.Signal();
        }
    }

    /// <summary>Checks the items that may be ready. Called by the waiting thread.</summary>
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
                // It counts as ready until a check finds otherwise, because this does not take its messages.
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

        item.Silence?.Hear(ready);
        if (_count == _found.Length)
        {
            Array.Resize(ref _found, 2 * _count);
        }

        _found[_count++] = new ReadyItem(item, ready, count);
        return true;
    }
}
