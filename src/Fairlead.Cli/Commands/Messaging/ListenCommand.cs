using System.CommandLine;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>The listening end of a duplex talk, for many clients.</summary>
internal sealed class ListenCommand : ToolCommand
{
    /// <summary>How long a line waits for a client that does not read, without <c>--full</c>: it must not delay the others.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly EndpointArguments _endpoint;
    private readonly TalkArguments _talk;

    public ListenCommand()
        : base("listen", "Accept connections: send lines of stdin to all clients, print theirs to stdout")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: true, "Exit after this time without a message", ["pair"], turns: false)
            .WithFull(
                this,
                "What to do when a client is full (default: wait 5 s, then disconnect it)",
                OverflowPolicy.Wait, OverflowPolicy.DropOldest, OverflowPolicy.DropNewest, OverflowPolicy.Fail);
        _talk = TalkArguments.AddTo(this);
        Examples =
        [
            ("fairlead listen unix://talk", "Send typed lines to all clients; exit at the end of stdin, when they have read everything"),
            ("fairlead listen unix://talk --keep < /dev/null", "Only print what clients send, until Ctrl-C"),
            (
                "fairlead listen 'tcp://127.0.0.1:0?framing=line'",
                "For programs without Fairlead, on any free port, which is printed to stderr"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var hub = Hub.Bind(_endpoint.Address(parsed), new HubOptions { OverflowPolicy = _endpoint.Full(parsed) });
        _endpoint.SayListening(parsed, hub);
        var talk = new HubTalk(hub, _endpoint.Full(parsed) is null ? Patience : Timeout.InfiniteTimeSpan, _endpoint.IsVerbose(parsed));
        return Dropping.Say(
            hub, await talk.RunAsync(_talk.Read(parsed, hub.Address), _endpoint.Timeout(parsed), cancellationToken), wasAskedFor: true);
    }
}
