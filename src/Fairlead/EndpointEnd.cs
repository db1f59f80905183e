namespace Fairlead;

/// <summary>How an endpoint ended: the result of <see cref="MessagingEndpoint.Completion"/>.</summary>
public sealed class EndpointEnd
{
    internal EndpointEnd(CloseReason reason, CloseReport report, FairleadException? error)
    {
        Reason = reason;
        Report = report;
        Error = error;
    }

    /// <summary>
    /// Why it ended. <see cref="CloseReason.ClosedByUs"/> after <see cref="MessagingEndpoint.CloseAsync"/> or
    /// <see cref="MessagingEndpoint.DisposeAsync"/>, <see cref="CloseReason.Aborted"/> after <see cref="MessagingEndpoint.Dispose"/>.
    /// Otherwise the endpoint has lost its peer for good, and this is why.
    /// </summary>
    public CloseReason Reason { get; }

    /// <summary>Counts the messages of the endpoint's life, as they stood when it ended.</summary>
    public CloseReport Report { get; }

    /// <summary>The error that calls on the endpoint end with. Null if this side closed the endpoint.</summary>
    public FairleadException? Error { get; }

    /// <inheritdoc/>
    public override string ToString() => Error is null ? Reason.ToString() : $"{Reason}: {Error.WhatHappened}";
}
