using System.Diagnostics.Tracing;

namespace Fairlead;

/// <summary>The event source <c>Fairlead</c>, for operators who look for the cause of a problem.</summary>
/// <remarks>Events are neither formatted nor allocated without a listener.</remarks>
[EventSource(Name = "Fairlead")]
internal sealed class FairleadEventSource : EventSource
{
    public static readonly FairleadEventSource Log = new();

    private FairleadEventSource()
    {
    }

    [Event(1, Level = EventLevel.Informational, Message = "{0}: connected with {1}")]
    public void Connected(string address, string peer) => WriteEvent(1, address, peer);

    [Event(2, Level = EventLevel.Informational, Message = "{0}: lost {1}: {2} {3}")]
    public void Disconnected(string address, string peer, string reason, string text) => WriteEvent(2, address, peer, reason, text);

    [Event(3, Level = EventLevel.Warning, Message = "{0}: {1} dropped {2} messages: a queue was full, or no end took them")]
    public void Dropped(string address, string pattern, long count) => WriteEvent(3, address, pattern, count);

    [Event(4, Level = EventLevel.Warning, Message = "{0}: {1} reads too slowly: {2} messages are waiting for it")]
    public void Slow(string address, string peer, long waiting) => WriteEvent(4, address, peer, waiting);

    [Event(5, Level = EventLevel.Warning, Message = "{0}: cannot accept: {1}")]
    public void CannotAccept(string address, string why) => WriteEvent(5, address, why);

    [Event(6, Level = EventLevel.Informational, Message = "{0}: reconnecting, attempt {1}: {2}")]
    public void Reconnecting(string address, int attempt, string why) => WriteEvent(6, address, attempt, why);

    [Event(7, Level = EventLevel.Warning, Message = "{0}: sending a separate copy to each subscriber: {1}")]
    public void CannotBroadcast(string address, string why) => WriteEvent(7, address, why);

    [Event(8, Level = EventLevel.Warning, Message = "{0}: a scope was not disposed; the lock stays held until this process ends")]
    public void ScopeLost(string name) => WriteEvent(8, name);

    [Event(9, Version = 1, Level = EventLevel.Error, Message = "{0}: a handler failed ({1}): {2}")]
    public void HandlerFailed(string address, string handler, string error) => WriteEvent(9, address, handler, error);

    [Event(10, Level = EventLevel.Error, Message = "{0}: deferred work failed: {1}")]
    public void VisitFailed(string thread, string error) => WriteEvent(10, thread, error);

    [Event(11, Level = EventLevel.Error, Message = "{0} failed; the error was contained: {1}")]
    public void Contained(string what, string error) => WriteEvent(11, what, error);

    [Event(12, Level = EventLevel.Warning, Message = "{0}: a message of {1} was dropped without Dispose and keeps its memory: {2}")]
    public void LeaseLost(string address, string peer, string where) => WriteEvent(12, address, peer, where);

    [Event(13, Level = EventLevel.Warning, Message = "{0}: the earlier certificate stays in use: {1}")]
    public void CertificateKept(string address, string why) => WriteEvent(13, address, why);

    [Event(14, Level = EventLevel.Warning, Message = "{0}: the TLS handshake with {1} failed: {2}")]
    public void HandshakeFailed(string address, string peer, string why) => WriteEvent(14, address, peer, why);

    [Event(15, Level = EventLevel.Warning, Message = "{0}: {1}")]
    public void Blocked(string address, string why) => WriteEvent(15, address, why);

    [Event(16, Level = EventLevel.Warning, Message = "{0}: a message is given up after {1} deliveries without acceptance: {2}")]
    public void GivenUp(string address, long deliveries, string where) => WriteEvent(16, address, deliveries, where);

    [Event(17, Level = EventLevel.Warning, Message = "{0}: messages wait for {1}, which is {2}")]
    public void PeerStopped(string address, string peer, string state) => WriteEvent(17, address, peer, state);

    [Event(18, Level = EventLevel.Warning, Message = "{0}: disconnected {1}: {2}")]
    public void CutOff(string address, string peer, string why) => WriteEvent(18, address, peer, why);
}
