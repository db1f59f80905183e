using System.CommandLine;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>The connecting end of a duplex talk.</summary>
internal sealed class ConnectCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly TalkArguments _talk;

    public ConnectCommand()
        : base("connect", "Connect to a listener: send lines of stdin, print replies to stdout")
    {
        _endpoint = EndpointArguments
            .AddTo(
                this, binds: false, "Exit after this time without a message; also limits connecting and closing", ["hub", "pair"])
            .WithFull(
                this,
                "What to do when the other end is full (default: wait)",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Fail);
        _talk = TalkArguments.AddTo(this, connects: true);
        Examples =
        [
            ("fairlead connect unix://talk", "Send typed lines; exit at the end of stdin, when the other end has read everything"),
            ("echo hello | fairlead connect unix://talk --count 1", "Send a line and wait for one line"),
            (
                @"printf 'GET / HTTP/1.0\r\n\r\n' | fairlead connect 'tcp://localhost:80?framing=none'",
                "Exchange raw bytes with any program: end the direction with stdin, and print the answer until it closes"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _talk.Check(parsed);
        await using var pair = await _endpoint.OpenAsync(parsed, Pair.Bind, Pair.ConnectAsync, cancellationToken);
        return Dropping.Say(
            pair,
            await PairTalk.RunAsync(pair, _talk.Read(parsed, pair.Address), _endpoint.Timeout(parsed), cancellationToken),
            wasAskedFor: true);
    }
}
