namespace Fairlead.Patterns.Links.Values;

/// <summary>Reports the state changes of an endpoint to its user on the pool, one after the other, in order.</summary>
/// <remarks>Its own lock is not held during calls, and may be taken under the endpoint's gate.</remarks>
/// <param name="tell">
/// The user's handlers. Their exceptions go to the event source, and end neither the process nor later reports.
/// </param>
/// <param name="who">The address in the event.</param>
internal sealed class StateChanges(Action<EndpointStateChange> tell, Func<Address> who)
{
    private readonly RankedLock _gate = new(LockRank.StateChanges);
    private readonly Queue<EndpointStateChange> _changes = new();
    private bool _isTelling;

    /// <summary>Adds a change to report. Any thread.</summary>
    public void Add(EndpointStateChange change)
    {
        using (_gate.Hold())
        {
            _changes.Enqueue(change);
            if (_isTelling)
            {
                return;
            }

            _isTelling = true;
        }

        PoolWork.Queue("the reports of an endpoint", static changes => changes.TellAll(), this);
    }

    private void TellAll()
    {
        while (true)
        {
            EndpointStateChange? change;
            using (_gate.Hold())
            {
                if (!_changes.TryDequeue(out change))
                {
                    _isTelling = false;
                    return;
                }
            }

            try
            {
                tell(change);
            }
            catch (Exception exception)
            {
                // A handler only learns of a change; its error must not affect the endpoint.
                FairleadEventSource.Log.HandlerFailed(who().Display, nameof(HandlerKind.StateChanged), exception.ToString());
            }
        }
    }
}
