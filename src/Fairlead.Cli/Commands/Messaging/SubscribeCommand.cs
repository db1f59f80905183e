using System.CommandLine;
using System.Globalization;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Prints what is published under some topics.</summary>
internal sealed class SubscribeCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly Argument<string> _topics = new("TOPICS")
    {
        Description = "Topics, separated by commas; * matches one word, > all following words",
        DefaultValueFactory = static _ => ">",
    };
    private readonly Option<bool> _showTopic = NewOption.Switch("--show-topic", "Print the topic and a space before each message");
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the bytes of the messages, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after this many messages");
    private readonly Option<string> _output = NewOption.Output("text", "json");
    private readonly Option<int?> _replay = new("--replay")
    {
        Description = "Receive this many of the messages that the publisher has stored first, or all",
        HelpName = "N|all",
        CustomParser = static result =>
        {
            if (result.Tokens[0].Value == "all")
            {
                return int.MaxValue;
            }

            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return count;
            }

            result.AddError($"--replay takes a number or all, not '{result.Tokens[0].Value}'");
            return null;
        },
    };

    private readonly Option<PublishedPosition?> _after = new("--after")
    {
        Description = "Begin behind the message with this position, as --output json shows it",
        HelpName = "POSITION",
        CustomParser = static result =>
        {
            if (PublishedPosition.TryParse(result.Tokens[0].Value, out var position))
            {
                return position;
            }

            result.AddError($"'{result.Tokens[0].Value}' is no position: one looks like 00ab34cd56ef7890-17");
            return null;
        },
    };

    public SubscribeCommand()
        : base("subscribe", "Receive published messages and print one per line")
    {
        _endpoint = EndpointArguments
            .AddTo(this, binds: false, "Longest time to wait for a message", ["publisher"])
            .WithFull(
                this,
                "The publisher's policy when this end is too slow",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Latest);
        Add(_topics);
        Add(_showTopic);
        Add(_raw);
        Add(_count);
        Add(_output);
        Add(_replay);
        Add(_after);
        Examples =
        [
            ("fairlead subscribe unix://prices", "Receive everything"),
            ("fairlead subscribe unix://prices 'eu.>,us.bond.*' --show-topic", "Receive topics under eu, and the American bonds"),
            (
                "fairlead subscribe unix://prices --full latest | slow-program",
                "Receive the latest of each topic; print the number of missed messages to stderr"),
            ("fairlead subscribe unix://log --replay 100 --reconnect infinite", "First the last 100 that are stored; then miss nothing"),
            ("fairlead subscribe unix://prices --wait 1m --output json", "Wait a minute for the publisher; print one JSON object per line"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var topics = parsed.GetRequiredValue(_topics);
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output), parsed.GetValue(_showTopic));
        await using var subscriber = await _endpoint.OpenAsync(
            parsed,
            (address, options) => Subscriber.Bind(address, topics, options),
            (address, options, end) => Subscriber.ConnectAsync(address, topics, Settings(parsed, options), end),
            cancellationToken);
        return await Incoming.WriteAsync(
            subscriber.ReceiveAllAsync, output, parsed.GetValue(_count), _endpoint.Timeout(parsed), subscriber, cancellationToken);
    }

    private SubscriberOptions Settings(ParseResult parsed, EndpointOptions options) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        ReconnectTimeout = options.ReconnectTimeout,
        OverflowPolicy = options.OverflowPolicy,
        CountWhileAway = options.ReconnectTimeout != TimeSpan.Zero,
        Replay = parsed.GetValue(_replay) ?? 0,
        ResumeAfter = parsed.GetValue(_after),
    };
}
