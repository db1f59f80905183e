namespace Fairlead;

/// <summary>What a <see cref="Publisher"/> may be told.</summary>
public sealed record PublisherOptions : EndpointOptions
{
    /// <summary>
    /// How long one call of <see cref="Publisher.Publish(string, ReadOnlySpan{byte}, CancellationToken)"/> waits at most for subscribers with <see cref="FullMode.Wait"/>; one that takes longer is disconnected as
    /// <see cref="CloseReason.SlowConsumer"/>. Default 5 seconds; infinite: for ever. Zero: subscribers that ask for <see cref="FullMode.Wait"/> are refused.
    /// </summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(5);
}
