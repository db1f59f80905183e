using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Messages of types 1 and 2, to stdout.</summary>
internal sealed class ReceiveCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write the messages' bytes alone, without newlines between");
    private readonly Option<long?> _count = NewOption.Count("End after so many messages");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public ReceiveCommand()
        : base("receive", "Receive messages, and write one a line")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: true, "How long a message may take to come", ["sender"]);
        Add(_raw);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead receive unix://inbox", "Write every message that anybody sends there"),
            ("fairlead receive unix://inbox --raw --count 1 > photo.jpg", "Take one message, and no byte more"),
            (
                "fairlead receive tcp://127.0.0.1:0 --timeout 10s",
                "At any free port, which is told on stderr; give up after 10 seconds of silence"),
            (
                "fairlead receive 'unix:///tmp/lines?framing=line'",
                "From programs that know nothing of Fairlead: echo hello | nc -U -N /tmp/lines"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        await using var receiver = await _endpoint.OpenAsync(parsed, Receiver.Bind, Receiver.ConnectAsync, cancellationToken);
        return await Incoming.WriteAsync(
            receiver.ReceiveAllAsync, output, parsed.GetValue(_count), _endpoint.Timeout(parsed), receiver, cancellationToken);
    }
}
