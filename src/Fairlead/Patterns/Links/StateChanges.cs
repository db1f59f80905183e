namespace Fairlead.Patterns.Links;

/// <summary>
/// What has happened to the peer of an endpoint, told to its user in the order of the events, one after the other, on the pool.
/// </summary>
/// <remarks>Has a lock of its own, under which nothing is called; it may be taken under the endpoint's gate.</remarks>
/// <param name="tell">
/// The user's handlers. What they throw is written to the event source, and ends neither the process nor what follows.
/// </param>
/// <param name="who">In the event.</param>
internal sealed class StateChanges(Action<EndpointStateChange> tell, Func<Address> who)
{
    private readonly RankedLock _gate = new(LockRank.StateChanges);
    private readonly Queue<EndpointStateChange> _changes = new();
    private bool _isTelling;

    /// <summary>Any thread.</summary>
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

        ThreadPool.UnsafeQueueUserWorkItem(static changes => changes.TellAll(), this, preferLocal: false);
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
                // A handler is told of what happened, and has no part in it.
                FairleadEventSource.Log.HandlerFailed(who().Display, nameof(HandlerKind.StateChanged), exception.ToString());
            }
        }
    }
}
