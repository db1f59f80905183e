using Fairlead.Diagnostics;
using Fairlead.Patterns.Links.Endpoint;

namespace Fairlead;

/// <content>Exceptions of the user's handlers: this side hears all of it, the peer what the options say.</content>
public abstract partial class MessagingEndpoint
{
    /// <summary>
    /// A handler of this endpoint has thrown an exception. Raised on the handler's thread, before the peer is informed: keep it short. An
    /// exception of a handler of this event goes to the event source, and ends nothing. Cancellation is not a failure: an
    /// <see cref="OperationCanceledException"/> is not reported after the run or the request was cancelled.
    /// </summary>
    public event EventHandler<HandlerFailure>? HandlerFailed;

    /// <summary>
    /// A connected endpoint with <see cref="EndpointOptions.ReconnectTimeout"/> lost its peer, got it back, or gave it up; or the process
    /// of a peer for which messages wait is stopped, or runs again. Raised on a thread of the pool, in order. An exception of a handler
    /// goes to <see cref="HandlerFailed"/>, and keeps nothing from the others.
    /// </summary>
    public event EventHandler<EndpointStateChange>? StateChanged;

    /// <summary>
    /// Reports the failure of a handler of a protocol above this endpoint: to the event source, to the meter, and to
    /// <see cref="HandlerFailed"/>. It throws nothing.
    /// </summary>
    /// <param name="kind">Which handler has failed.</param>
    /// <param name="exception">Its exception.</param>
    /// <param name="peer">The peer for which it ran; null: none.</param>
    public void ReportFailure(HandlerKind kind, Exception exception, Peer? peer = null)
    {
        ArgumentNullException.ThrowIfNull(exception);
        _ = RaiseHandlerFailed(kind, exception, peer);
    }

    /// <summary>Reports to the handlers of an event that a peer has left.</summary>
    private protected void RaisePeerLeft(EventHandler<PeerLeft>? handlers, Peer peer, CloseReason reason)
    {
        if (handlers is null)
        {
            return;
        }

        PeerLeft left = new(peer, reason);
        foreach (EventHandler<PeerLeft> handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(this, left);
            }
            catch (Exception exception)
            {
                RaiseHandlerFailed(HandlerKind.PeerLeft, exception, peer);
            }
        }
    }

    /// <summary>By the core, from the task that reconnects.</summary>
    private protected void RaiseStateChanged(EndpointStateChange change)
    {
        foreach (EventHandler<EndpointStateChange> handler in Delegate.EnumerateInvocationList(StateChanged))
        {
            try
            {
                handler(this, change);
            }
            catch (Exception exception)
            {
                RaiseHandlerFailed(HandlerKind.StateChanged, exception, null);
            }
        }
    }

    /// <summary>Tells this side of a handler's exception: the event source, the meter, the handlers of the event. Never throws.</summary>
    /// <returns>The text for the peer.</returns>
    private protected string RaiseHandlerFailed(HandlerKind kind, Exception exception, Peer? peer)
    {
        EndpointCore core = Core;
        string handler = kind.ToString();
        FairleadEventSource.Log.HandlerFailed(core.Address.Display, handler, Finishing.TextOf(exception));
        OperationMeter.CountHandlerFailure(core.MeterTags, handler, exception);
        HandlerFailure failure = new(kind, exception, peer);
        foreach (EventHandler<HandlerFailure> told in Delegate.EnumerateInvocationList(HandlerFailed))
        {
            Finishing.Do(core.Address.Display, () => told(this, failure));
        }

        return (core.Settings.ErrorDetails == ErrorDetails.Message ? MessageOf(exception) : null)
            ?? $"the handler threw {exception.GetType().Name}; only its own side sees the message";
    }

    /// <summary>Returns the message of an exception, or null if its class fails to make one.</summary>
    private static string? MessageOf(Exception exception)
    {
        try
        {
            return exception.Message;
        }
        catch (Exception)
        {
            return null;
        }
    }
}
