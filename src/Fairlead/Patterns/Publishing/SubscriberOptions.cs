namespace Fairlead;

/// <summary>The options of a connected <see cref="Subscriber"/> whose publisher has a store.</summary>
/// <remarks>Without a store at the publisher they have no effect, and neither have they on a bound subscriber.</remarks>
public sealed record SubscriberOptions : EndpointOptions
{
    /// <summary>How many of the messages that the publisher has stored come first; default 0. <see cref="int.MaxValue"/>: all.</summary>
    /// <remarks>It counts messages on all topics, of which the subscriber gets those that it asks for.</remarks>
    public int Replay { get; init; }

    /// <summary>The message behind which to begin, from <see cref="Message.Position"/>; null, the default: see
    /// <see cref="Replay"/>.</summary>
    /// <remarks>
    /// A subscriber that keeps the position of each message together with its effect gets each message once, also after a crash.
    /// </remarks>
    public PublishedPosition? ResumeAfter { get; init; }
}
