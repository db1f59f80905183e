using Fairlead.Diagnostics;

namespace Fairlead.Patterns.Links;

/// <content>A peer for which messages wait is told of to those who listen to events.</content>
internal sealed partial class Link
{
    private EventPacer? _slowPacer;

    /// <summary>A message has to wait for this peer. Under <c>_sending</c>.</summary>
    private void NoteSlow()
    {
        if (_state == LinkState.Up && FairleadEventSource.Log.IsEnabled())
        {
            _slowPacer ??= new EventPacer(_time, TellSlow);
            _slowPacer.Note();
        }
    }

    private void TellSlow()
    {
        // A hint, read without the lock: by now they may wait no more.
        if (_queued.Count is var waiting and > 0)
        {
            FairleadEventSource.Log.Slow(_endpoint.Address.Display, Peer.ToString(), waiting);
        }
    }
}
