namespace Fairlead.Hosting;

/// <summary>The settings of one endpoint of a host.</summary>
/// <remarks>
/// The configuration section <c>Fairlead:Endpoints:NAME</c> has the same names, and overrides what the program sets. A connection string
/// <c>ConnectionStrings:NAME</c> is the address if the section has none. The host checks all settings before it starts.
/// </remarks>
public sealed class HostedEndpointOptions : IHostedOptions
{
    /// <summary>The address, such as <c>unix://orders?capacity=4MiB</c>. Required.</summary>
    public string? Address { get; set; }

    /// <summary>
    /// Whether the endpoint binds or connects. Null takes the usual side of its pattern: receivers, responders, publishers and work queues
    /// bind, and senders, requesters, subscribers and workers connect.
    /// </summary>
    public EndpointRole? Role { get; set; }

    /// <summary>When the endpoint opens. Null opens one that binds at the start, and one that connects at its first use.</summary>
    public EndpointStart? Start { get; set; }

    /// <summary>
    /// How many handlers run at the same time. Null is 1, and 64 for a responder. More than one gives up the order of messages.
    /// </summary>
    public int? Concurrency { get; set; }

    /// <summary>The topics of a subscriber, separated by commas. All topics by default.</summary>
    public string Topics { get; set; } = ">";

    /// <summary>
    /// How long the endpoint may take to close when the host stops: until the handlers have returned, and the peers have read what was
    /// sent. 10 seconds by default. The host's own <c>ShutdownTimeout</c> limits it, too.
    /// </summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause before a failed endpoint opens again; each further pause is twice as long. 100 ms by default.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause before a failed endpoint opens again. 10 seconds by default.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most messages that may wait in the endpoint before its health is degraded. Null sets no limit.</summary>
    public long? MaxQueueDepth { get; set; }

    /// <summary>
    /// Further options of the endpoint, set in code. A publisher takes <see cref="PublisherOptions"/>, a work queue
    /// <see cref="WorkQueueOptions"/>, every other endpoint <see cref="EndpointOptions"/>.
    /// </summary>
    public EndpointOptions? Endpoint { get; set; }

    /// <summary>What the configuration has that cannot be read.</summary>
    internal List<string> Problems { get; } = [];

    List<string> IHostedOptions.Problems => Problems;
}
