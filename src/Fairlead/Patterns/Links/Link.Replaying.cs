using Fairlead.Framing;

namespace Fairlead.Patterns.Links;

/// <content>Messages of the past, before all that are sent from now on.</content>
internal sealed partial class Link
{
    /// <summary>
    /// Leaves a message here whatever the policy says: how many there may be is bounded by who keeps them. <see cref="ServeReplayed"/>
    /// sends it.
    /// </summary>
    public void Replay(in History.Entry entry)
    {
        if (!Takes(entry.Length))
        {
            CountMissed();
            return;
        }

        using (HoldSending())
        {
            if (_state == LinkState.Up && _close.IsOpen && !IsBroken)
            {
                // Nothing that is written for many may overtake it: nobody sits for whom something waits.
                LeaveSeat();
                Letter letter = new(MessageHeader.Of(MessageKind.Publish), entry.Head, entry.Payload, topic: null, isMovable: false);
                _queued.Enqueue(LinkOperation.Leave(_endpoint, letter, replaces: false));
            }
        }
    }

    /// <summary>Sends what was replayed, as far as there is credit. By the pump.</summary>
    public void ServeReplayed()
    {
        using (Completions completions = Completions.Rent())
        using (HoldSending())
        {
            if (_state == LinkState.Up)
            {
                ServeQueued(completions);
            }
        }

    }
}
