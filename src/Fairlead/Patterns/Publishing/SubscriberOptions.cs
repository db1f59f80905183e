namespace Fairlead;

/// <summary>What a connected <see cref="Subscriber"/> gets, or hears, of messages that were published while it was not connected.</summary>
/// <remarks>They have no effect on a bound subscriber.</remarks>
public sealed record SubscriberOptions : EndpointOptions
{
    /// <summary>
    /// Whether the publisher counts what it publishes while this end has lost it and reconnects; default false. The number is in
    /// <see cref="Message.Missed"/> of the next message, and in <see cref="Subscriber.Missed"/>.
    /// </summary>
    /// <remarks>
    /// It counts the messages on the topics of this end, and those that were on their way when the connection broke. A publisher with a
    /// store or a history sends them instead. One that was started again knows no number. A publisher counts for the last 256 subscribers
    /// that asked for it and have at most 64 topic patterns; it publishes under a lock while there is one.
    /// </remarks>
    public bool CountWhileAway { get; init; }

    /// <summary>How many of the messages that the publisher has stored come first; default 0. <see cref="int.MaxValue"/>: all.</summary>
    /// <remarks>
    /// Without a store at the publisher it has no effect. It counts messages on all topics, of which the subscriber gets those that it asks
    /// for.
    /// </remarks>
    public int Replay { get; init; }

    /// <summary>The message behind which to begin, from <see cref="Message.Position"/>; null, the default: see
    /// <see cref="Replay"/>.</summary>
    /// <remarks>
    /// Without a store at the publisher it has no effect. A subscriber that keeps the position of each message together with its effect
    /// gets each message once, also after a crash.
    /// </remarks>
    public PublishedPosition? ResumeAfter { get; init; }
}
