using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Publishes messages under a topic to all that subscribed to it.</summary>
internal sealed class PublishCommand : ToolCommand
{
    /// <summary>The default time for subscribers to take the last messages: publishing never waits without a limit.</summary>
    private static readonly TimeSpan DefaultDrain = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly EndpointArguments _endpoint;
    private readonly Argument<string> _topic = new("TOPIC") { Description = "Topic: words separated by dots, like eu.bond.10y" };
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _now = NewOption.Switch("--now", "Publish even without subscribers; unwanted messages are lost");

    private readonly Option<string?> _store = new("--store")
    {
        Description = "Keep the messages in this log for subscribers that come later: log://prices. Waits for no subscriber",
        HelpName = "ADDRESS",
    };

    public PublishCommand()
        : base("publish", "Publish messages under a topic; the first one waits for a subscriber")
    {
        _endpoint = EndpointArguments
            .AddTo(this, binds: true, "Longest time to wait for the first subscriber, and for the last messages to be read", ["subscriber"])
            .WithFull(
                this,
                "What to do for a slow subscriber that does not choose itself (default: drop-newest)",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Fail,
                OverflowPolicy.Latest);
        Add(_topic);
        _payload = PayloadArguments.AddTo(this, "message");
        Add(_now);
        Add(_store);
        Examples =
        [
            ("fairlead publish unix://prices eu.bond.10y 98.7", "Publish one message, as soon as it has a subscriber"),
            (
                "sensor | fairlead publish unix://state room.temperature - --full latest",
                "A slow subscriber gets the latest value, and the number of values it missed"),
            ("tail -F app.log | fairlead publish unix://log app.log - --now", "Publish one message per line to present subscribers"),
            (
                "tail -F app.log | fairlead publish unix://log app.log - --store log://kept",
                "Keep each line, also for subscribers that are away"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var topic = parsed.GetRequiredValue(_topic);
        TopicFilter.CheckTopic(topic);
        var payloads = _payload.ReadAsync(parsed, cancellationToken);
        var timeout = _endpoint.Timeout(parsed);
        var store = parsed.GetValue(_store) is { } place ? Address.Parse(place) : null;
        await using var publisher = await _endpoint.OpenAsync(
            parsed,
            (address, options) => Publisher.Bind(address, Settings(options, timeout) with { Store = store }),
            (address, options, end) => Publisher.ConnectAsync(address, Settings(options, timeout) with { Store = store }, end),
            cancellationToken);
        var isPatient = !parsed.GetValue(_now) && store is null;
        var reconnects = _endpoint.Reconnects(parsed);
        var waits = isPatient;
        await foreach (var message in payloads)
        {
            // A subscriber that is lost for now is like one that has not come yet.
            if (waits || (isPatient && reconnects && publisher.Peers.Count == 0))
            {
                await PublishFirstAsync(publisher, topic, message, reconnects, timeout, cancellationToken);
                waits = false;
            }
            else
            {
                ThrowIfLost(publisher, reconnects);
                if (publisher.Publish(topic, message.Span, cancellationToken) == 0)
                {
                    ThrowIfLost(publisher, reconnects);
                }
            }
        }

        // A subscriber may read the last message and leave before this line: the report tells whether it did.
        var code = await Draining.CloseAsync(publisher, timeout ?? DefaultDrain, cancellationToken);
        return Dropping.Say(publisher, code, wasAskedFor: _endpoint.Full(parsed) is not null);
    }

    /// <summary>
    /// Returns the settings. A shell's pipe waits too, and loses nothing: a subscriber to wait for has as long as the command.
    /// </summary>
    private static PublisherOptions Settings(EndpointOptions options, TimeSpan? timeout) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        ReconnectTimeout = options.ReconnectTimeout,
        OverflowPolicy = options.OverflowPolicy,
        LongestWait = timeout
                ?? (options.OverflowPolicy == OverflowPolicy.Wait ? Timeout.InfiniteTimeSpan : new PublisherOptions().LongestWait),
    };

    /// <summary>Publishes until a subscriber gets the message: nothing else shows a subscription but that number.</summary>
    private static async Task PublishFirstAsync(
        Publisher publisher,
        string topic,
        ReadOnlyMemory<byte> message,
        bool reconnects,
        TimeSpan? timeout,
        CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        try
        {
            while (publisher.Publish(topic, message.Span, end.Token) == 0)
            {
                ThrowIfLost(publisher, reconnects);
                await Task.Delay(Pause, TimeProvider.System, end.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FairleadException(ErrorCode.Timeout, $"no subscriber to {topic} within {DurationText.Describe(timeout!.Value)}")
            {
                Address = publisher.Address,
            };
        }
    }

    /// <summary>Throws if it has connected to a subscriber, and that is gone for good: publishing itself does not mind.</summary>
    private static void ThrowIfLost(Publisher publisher, bool reconnects)
    {
        if (!publisher.IsBound && (publisher.Completion.IsCompleted || (!reconnects && publisher.Peers.Count == 0)))
        {
            throw new FairleadException(ErrorCode.PeerGone, "the subscriber is gone") { Address = publisher.Address };
        }
    }
}
