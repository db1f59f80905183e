namespace Fairlead;

/// <summary>What a <see cref="Publisher"/> may be told.</summary>
public sealed record PublisherOptions : EndpointOptions
{
    /// <summary>
    /// How long one call of <see cref="Publisher.Publish(string, ReadOnlySpan{byte}, CancellationToken)"/> waits at most for subscribers
    /// with <see cref="OverflowPolicy.Wait"/>; one that takes longer is disconnected as <see cref="CloseReason.SlowConsumer"/>. Default 5
    /// seconds; infinite: for ever. Zero: subscribers that ask for <see cref="OverflowPolicy.Wait"/> are refused.
    /// </summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How many of the last messages are kept for subscribers that come later, 0 to 1,048,576; default 0. Who asks for topics gets those of
    /// them on these topics first. At most <see cref="EndpointOptions.MaxUnreadBytes"/> bytes are kept, but always the last message. In the
    /// address: <c>?history=100</c>.
    /// </summary>
    public int History { get; init; }
}
