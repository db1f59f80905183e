using Fairlead.Framing;

namespace Fairlead;

/// <summary>The options of a single request of a <see cref="Requester"/>.</summary>
public readonly record struct RequestOptions
{
    /// <summary>How long to wait at most; null waits without limit. The responder learns this value.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether executing the request twice is harmless. Fairlead then repeats it when a responder is lost before
    /// replying.</summary>
    /// <remarks>
    /// A bound requester sends the request to the next responder. A connected one sends it again after reconnecting
    /// (<see cref="EndpointOptions.ReconnectTimeout"/>). Both stop at the timeout. The responder sees such a request marked
    /// (<see cref="Request.Redelivered"/>).
    /// </remarks>
    public bool Idempotent { get; init; }

    internal MessageFlags Flags => Idempotent ? MessageFlags.Idempotent : MessageFlags.None;
}
