using System.CommandLine;
using Fairlead.Cli.Commands.Logging;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Prints messages of types 1 and 2.</summary>
internal sealed class ReceiveCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the bytes of the messages, without newlines");
    private readonly Option<long?> _count = NewOption.Count("Exit after this many messages");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public ReceiveCommand()
        : base("receive", "Receive messages and print one per line")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: true, "Longest time to wait for a message", ["sender"]);
        Add(_raw);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead receive unix://inbox", "Print every message that is sent there"),
            ("fairlead receive unix://inbox --raw --count 1 > photo.jpg", "Save the bytes of one message"),
            (
                "fairlead receive tcp://127.0.0.1:0 --timeout 10s",
                "On any free port, which is printed to stderr; give up after 10 seconds of silence"),
            (
                "fairlead receive 'unix:///tmp/lines?framing=line'",
                "Receive from programs without Fairlead: echo hello | nc -U -N /tmp/lines"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        await using var receiver = await _endpoint.OpenAsync(parsed, Receiver.Bind, Receiver.ConnectAsync, cancellationToken);
        using SkippedBytes foreign = new(receiver);
        return await Incoming.WriteAsync(
            receiver.ReceiveAllAsync, output, parsed.GetValue(_count), _endpoint.Timeout(parsed), receiver, cancellationToken);
    }
}
