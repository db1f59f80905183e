using Fairlead.Diagnostics;
using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>What a full queue does where no peer is there yet, and what is said of drops.</content>
internal sealed partial class EndpointCore
{
    private readonly EventPacer _dropPacer;
    private long _droppedToTell;

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

        Interlocked.Increment(ref _droppedToTell);
        _dropPacer.Note();
    }

    /// <summary>Counts a message that this end had taken over from its sender, and does not hand to anybody: it stands in the report of the end. Any thread, no lock held.</summary>
    public void CountLost()
    {
        using (_gate.Hold())
        {
            _pastSent++;
            _pastNotDelivered++;
        }

        CountDropped();
    }

    /// <summary>Leaves a message here for the first peer to come, by a policy that drops; where there is one already, that is given instead. PeerGone: none will come.</summary>
    public LinkOutcome LeaveWaiting(in Letter letter, bool mayDrop, out Link? link)
    {
        LinkOutcome outcome;
        Completions completions = Completions.Rent();
        using (_gate.Hold())
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
        if (Interlocked.Exchange(ref _droppedToTell, 0) is var count and > 0)
        {
            FairleadEventSource.Log.Dropped(Address.Display, _profile.Name, count);
        }
    }

    /// <summary>The endpoint ends: what was not told yet is told now. No lock is held.</summary>
    private void EndDropping()
    {
        _dropPacer.Dispose();
        if (FairleadEventSource.Log.IsEnabled())
        {
            TellDropped();
        }
    }
}
