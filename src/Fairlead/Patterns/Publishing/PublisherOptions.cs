namespace Fairlead;

/// <summary>The options of a <see cref="Publisher"/>.</summary>
public sealed record PublisherOptions : EndpointOptions
{
    /// <summary>
    /// How long one publish call waits at most for subscribers with <see cref="OverflowPolicy.Wait"/>. Default 5 seconds.
    /// </summary>
    /// <remarks>
    /// The publisher disconnects a subscriber that takes longer as <see cref="CloseReason.SlowConsumer"/>. Infinite waits without limit.
    /// Zero refuses subscribers that ask for <see cref="OverflowPolicy.Wait"/>.
    /// </remarks>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many of the last messages the publisher keeps for late subscribers, 0 to 1,048,576; default 0.</summary>
    /// <remarks>
    /// A subscriber that asks for topics first gets the kept messages on these topics. The publisher keeps at most
    /// <see cref="EndpointOptions.MaxUnreadBytes"/> bytes, but always the last message. In the address: <c>?history=100</c>.
    /// </remarks>
    public int History { get; init; }

    /// <summary>
    /// The log that keeps what is published: <c>log://prices?keep=1GiB</c>, or the path of one. Null, the default: nothing is kept there.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Each message gets a number (<see cref="Message.Position"/>). A subscriber that reconnects gets what it has missed, and then what is
    /// published, without a gap and in order. One that is new may ask for stored messages (<see cref="SubscriberOptions"/>). The log
    /// decides how much is kept, and when it is on the disk. What it does not keep any more is counted as missed, on whatever topic it was.
    /// </para>
    /// <para>Publishing calls run one after the other. The log belongs to this publisher alone. Not together with
    /// <see cref="History"/>.</para>
    /// </remarks>
    public Address? Store { get; init; }
}
