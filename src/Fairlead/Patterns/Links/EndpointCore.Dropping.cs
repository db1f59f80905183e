using Fairlead.Diagnostics;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What a full queue does where no peer is there yet, and what is said of drops.</content>
internal sealed partial class EndpointCore
{
    private static readonly TimeSpan DropInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _dropGate = new();
    private ITimer? _dropTimer;
    private long _droppedToTell;
    private long _lastTold;
    private bool _isTellingDue;

    /// <summary>
    /// Counts a message that was dropped, and has it told to those who listen to events: at most once a second, with the number since the last time. Any thread, locks held or not: no
    /// listener is called here.
    /// </summary>
    public void CountDropped()
    {
        Counters.AddDropped(1);
        if (!FairleadEventSource.Log.IsEnabled())
        {
            return;
        }

        lock (_dropGate)
        {
            _droppedToTell++;
            if (_isTellingDue || _isClosed)
            {
                return;
            }

            _isTellingDue = true;
            TimeSpan since = _lastTold == 0 ? DropInterval : Settings.Time.GetElapsedTime(_lastTold);
            _dropTimer ??= Settings.Time.CreateTimer(static state => ((EndpointCore)state!).TellDropped(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _dropTimer.Change(since >= DropInterval ? TimeSpan.Zero : DropInterval - since, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Leaves a message here for the first peer to come, by a policy that drops; where there is one already, that is given instead. PeerGone: none will come.</summary>
    public LinkOutcome LeaveWaiting(in Letter letter, bool mayDrop, out Link? link)
    {
        LinkOutcome outcome;
        Completions completions = Completions.Rent();
        lock (_gate)
        {
            ThrowIfClosing();
            link = TheLink;
            outcome = link is not null ? LinkOutcome.Sent
                : AwaitsPeers ? _waiting.Leave(letter, Policy, mayDrop, completions)
                : LinkOutcome.PeerGone;
        }

        completions.Run(inline: false);
        if (link is null && outcome == LinkOutcome.Sent)
        {
            RequestPump();
        }

        return outcome;
    }

    /// <summary>A message that was left here without a peer, and will not be sent any more. Under the gate.</summary>
    private void CountUnsent(LinkOperation operation)
    {
        if (operation.IsLeft)
        {
            _pastSent++;
            _pastNotDelivered++;
        }
    }

    private void TellDropped()
    {
        long count;
        lock (_dropGate)
        {
            (count, _droppedToTell) = (_droppedToTell, 0);
            _isTellingDue = false;
            _lastTold = Settings.Time.GetTimestamp();
        }

        if (count > 0)
        {
            FairleadEventSource.Log.Dropped(Address.Display, _profile.Name, count);
        }
    }

    /// <summary>The endpoint ends: what was not told yet is told now. No lock is held.</summary>
    private void EndDropping()
    {
        _dropTimer?.Dispose();
        if (FairleadEventSource.Log.IsEnabled())
        {
            TellDropped();
        }
    }
}
