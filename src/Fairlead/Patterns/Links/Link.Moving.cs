using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Operations that any peer may be given leave a link that is lost, and go to another.</content>
internal sealed partial class Link
{
    /// <summary>Those that lay here when the link was lost: before all that wait by now.</summary>
    private readonly List<LinkOperation> _moving = [];

    /// <summary>Those that found it lost: behind them.</summary>
    private readonly List<LinkOperation> _late = [];
    private long _missedMoving;

    /// <summary>Whether another message goes at once, or nearly. A hint, read without the lock.</summary>
    public bool HasRoomNow => _queued.Count == 0 && _window.HasRoomNow;

    /// <summary>How many wait for credit. A hint.</summary>
    public int Waiting => _queued.Count;

    private bool HasMoving => _moving.Count + _late.Count > 0;

    /// <summary>
    /// Hands those that leave over to the endpoint, in the order of their asking. Under the endpoint's gate: from one queue to the other
    /// nobody can withdraw them.
    /// </summary>
    public void TakeMoving(SendQueue waiting)
    {
        using (HoldSending())
        {
            foreach (LinkOperation operation in _moving)
            {
                operation.Rest();
            }

            // Before those that came between the loss and this.
            waiting.PutBack(_moving, _missedMoving);
            _missedMoving = 0;
            _moving.Clear();
            foreach (LinkOperation operation in _late)
            {
                operation.Rest();
                waiting.Enqueue(operation);
            }

            _late.Clear();
        }
    }

    /// <summary>What was not sent may be sent elsewhere, and what may have been read only where that does no harm.</summary>
    private bool MayMove(LinkOperation operation, bool wasRead) =>
        operation.IsMovable
        && !operation.IsClaimed
        && (!wasRead || (operation.Header.Flags & MessageFlags.Idempotent) != 0)
        && _endpoint.Presence.AwaitsPeers
        && !_endpoint.IsClosing;

    private void SetMoving(LinkOperation operation, bool isLate = false)
    {
        operation.At = LinkOperation.Stage.Moving;
        (isLate ? _late : _moving).Add(operation);
    }

    private void EndUnsent(LinkOperation operation, Completions completions, bool isLate = false)
    {
        if (MayMove(operation, wasRead: false))
        {
            SetMoving(operation, isLate);
        }
        else
        {
            Finish(operation, LinkOutcome.PeerGone, completions);
        }
    }
}
