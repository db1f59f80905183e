using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>What is published on some topics, to stdout.</summary>
internal sealed class SubscribeCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly Argument<string> _topics = new("TOPICS")
    {
        Description = "Which topics, with commas between; * stands for one word, > for all that follow",
        DefaultValueFactory = static _ => ">",
    };
    private readonly Option<bool> _showTopic = NewOption.Switch("--show-topic", "Write the topic and a space before each message");
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write the messages' bytes alone, without newlines between");
    private readonly Option<long?> _count = NewOption.Count("End after so many messages");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public SubscribeCommand()
        : base("subscribe", "Receive what is published, and write one message a line")
    {
        _endpoint = EndpointArguments
            .AddTo(this, binds: false, "How long a message may take to come", ["publisher"])
            .WithFull(
                this,
                "What the publisher is asked to do when this end is too slow",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Latest);
        Add(_topics);
        Add(_showTopic);
        Add(_raw);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead subscribe unix://prices", "Everything"),
            ("fairlead subscribe unix://prices 'eu.>,us.bond.*' --show-topic", "What begins with eu, and the American bonds"),
            (
                "fairlead subscribe unix://prices --full latest | slow-program",
                "The newest of each topic; what was missed is told on stderr"),
            ("fairlead subscribe unix://prices --wait 1m --output json", "Wait a minute for the publisher; one JSON object a line"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var topics = parsed.GetRequiredValue(_topics);
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output), parsed.GetValue(_showTopic));
        await using var subscriber = await _endpoint.OpenAsync(
            parsed,
            (address, options) => Subscriber.Bind(address, topics, options),
            (address, options, end) => Subscriber.ConnectAsync(address, topics, options, end),
            cancellationToken);
        return await Incoming.WriteAsync(
            subscriber.ReceiveAllAsync, output, parsed.GetValue(_count), _endpoint.Timeout(parsed), subscriber, cancellationToken);
    }
}
