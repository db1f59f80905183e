using Fairlead.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <content>Whether a message would find room, and who is told of a peer for which messages wait.</content>
internal sealed partial class Link
{
    private EventPacer? _slowPacer;

    /// <summary>Whether a short message could be sent at once.</summary>
    public bool HasRoom()
    {
        bool hasRoom;
        bool needsPump = false;
        using (HoldSending())
        {
            hasRoom = CanSend(1) == LinkOutcome.Sent;
            if (!hasRoom && IsDeferred)
            {
                needsPump = FlushNow();
                hasRoom = CanSend(1) == LinkOutcome.Sent;
            }
        }

        if (needsPump)
        {
            _endpoint.Pump.Request();
        }

        return hasRoom;
    }

    /// <summary>A message has to wait for this peer. Under <c>_sending</c>.</summary>
    private void NoteSlow()
    {
        if (_state == LinkState.Up && FairleadEventSource.Log.IsEnabled())
        {
            _slowPacer ??= new EventPacer(_time, () =>
            {
                // A hint, read without the lock: by now they may wait no more.
                if (_queued.Count is var waiting and > 0)
                {
                    FairleadEventSource.Log.Slow(_endpoint.Address.Display, Peer.ToString(), waiting);
                }
            });
            _slowPacer.Note();
        }
    }
}
