using Fairlead.Framing;

namespace Fairlead;

/// <summary>What a single request of a <see cref="Requester"/> may be told.</summary>
public readonly record struct RequestOptions
{
    /// <summary>At most so long; null: for ever. The responder is told.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// Whether the request may be carried out twice without harm. Then it is sent again, to the next responder, when its own is lost before
    /// it has replied: by a bound requester, and by a connected one that reconnects (<see cref="EndpointOptions.ReconnectTimeout"/>), until
    /// its time-out. The responder sees it marked (<see cref="Request.Redelivered"/>).
    /// </summary>
    public bool Idempotent { get; init; }

    internal MessageFlags Flags => Idempotent ? MessageFlags.Idempotent : MessageFlags.None;
}
