using Fairlead.Patterns.Links.Credit;
using Fairlead.Patterns.Links.Pumping;
using Fairlead.Patterns.Links.Shared;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.Patterns.Links.Output;

/// <summary>The callers that wait until the peer has acknowledged the messages before them, in the order of their numbers.</summary>
/// <remarks>
/// Under the link's send lock. A bridge acknowledges what its broker has stored. Ended waiters are woken on the pool, because the lock must
/// not be held then.
/// </remarks>
/// <param name="link">The link whose messages are confirmed.</param>
/// <param name="side">Its sending side.</param>
internal sealed class ConfirmWaiters(PeerLink link, SendSide side)
{
    private RingQueue<FlushOperation> _waiting;

    // A message that was dropped unsent has no number.
    private bool IsAllConfirmed => side.Window.Outstanding == 0 && side.Queue.Count == 0;

    /// <summary>Makes an operation wait for the acknowledgement of everything sent and queued before.</summary>
    /// <remarks>It waits at least as long as the waiter before it: dropped messages may have lowered the number.</remarks>
    /// <returns>Whether the operation has ended here.</returns>
    public bool Await(FlushOperation operation)
    {
        if (IsAllConfirmed)
        {
            return operation.TryComplete(true);
        }

        if (link.State == LinkState.Down)
        {
            return operation.TryFail(link.EndException());
        }

        uint number = unchecked(side.Window.LastNumber + (uint)side.Queue.Count);
        uint before = _waiting.Count > 0 ? _waiting[_waiting.Count - 1].Number : number;
        operation.Number = (int)(number - before) > 0 ? number : before;
        _waiting.Enqueue(operation);
        return false;
    }

    /// <summary>Removes a waiter; harmless if it does not wait.</summary>
    public void Remove(FlushOperation operation)
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            if (_waiting[i] == operation)
            {
                _ = _waiting.RemoveAt(i);
                return;
            }
        }
    }

    /// <summary>Completes the waiters whose messages are acknowledged.</summary>
    public void Serve(Completions completions)
    {
        bool isAll = IsAllConfirmed;
        while (_waiting.Count > 0 && (isAll || side.Window.IsAcknowledged(_waiting[0].Number)))
        {
            FlushOperation operation = _waiting.Dequeue();
            if (operation.TryComplete(true))
            {
                completions.Add(operation);
            }
        }
    }

    /// <summary>Ends all waiters with the reason, because the link is over.</summary>
    public void End()
    {
        while (_waiting.Count > 0)
        {
            FlushOperation operation = _waiting.Dequeue();
            if (operation.TryFail(link.EndException()))
            {
                PoolWork.Queue("a caller that waits for confirmations", static ended => ended.Signal(inline: false), operation);
            }
        }
    }
}
