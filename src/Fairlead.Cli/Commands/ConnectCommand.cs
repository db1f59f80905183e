using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>The connecting end of a duplex talk.</summary>
internal sealed class ConnectCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly TalkArguments _talk;

    public ConnectCommand()
        : base("connect", "Talk with one who listens: lines of stdin go there, what comes back goes to stdout")
    {
        _endpoint = EndpointArguments
            .AddTo(
                this, binds: false, "End when nothing was said for so long; also the limit of connecting, and of the end", ["hub", "pair"])
            .WithFull(
                this,
                "What to do when the other end has no room: wait is what is done otherwise",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Fail);
        _talk = TalkArguments.AddTo(this);
        Examples =
        [
            ("fairlead connect unix://talk", "Type lines; ends with stdin, when the other end has read everything"),
            ("echo hello | fairlead connect unix://talk --count 1", "Say something, and wait for one line"),
            (
                @"printf 'GET / HTTP/1.0\r\n\r\n' | fairlead connect 'tcp://localhost:80?framing=none' --keep",
                "Bytes as they come, to any program; until it closes"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var pair = await _endpoint.OpenAsync(parsed, Pair.Bind, Pair.ConnectAsync, cancellationToken);
        return Dropping.Say(
            pair,
            await PairTalk.RunAsync(pair, _talk.Read(parsed, pair.Address), _endpoint.Timeout(parsed), cancellationToken),
            wasAskedFor: true);
    }
}
