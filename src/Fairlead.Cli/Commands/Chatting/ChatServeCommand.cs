using System.CommandLine;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Commands.Chatting;

/// <summary>The server of a chat.</summary>
internal sealed class ChatServeCommand : ToolCommand
{
    private const int UsualMaximum = 1000;

    // Foreign clients beyond the maximum that may be connected for the moment in which they are told that the room is full.
    private const int Doorstep = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly EndpointArguments _endpoint;
    private readonly ChatArguments _chat;
    private readonly Option<int> _most = NewOption.Number("--max", "Most clients at the same time; further ones are refused", UsualMaximum);
    private readonly Option<bool> _star = NewOption.Switch("--star", "Clients talk with the server's operator alone, not with each other");
    private readonly Option<string[]> _also = new("--also")
    {
        Description = "Serve the same room at this address too; may be given several times",
        HelpName = "ADDRESS",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public ChatServeCommand()
        : base("serve", "Open a room: clients are numbered from 1; a line is sent to all, after '@2' to client 2 alone")
    {
        _endpoint = EndpointArguments.AddTo(
            this, binds: true, "Time limit for delivering the last lines when the room closes (default: 5s)", ["pair"], turns: false);
        Add(_most);
        Add(_star);
        Add(_also);
        _chat = ChatArguments.AddTo(this);
        Examples =
        [
            ("fairlead chat serve unix://chat", "A room for 'fairlead chat join'; 'end' or Ctrl-C closes it"),
            ("fairlead chat serve tcp://127.0.0.1:5242 --raw --star", "A server for plain C clients"),
            ("fairlead chat serve shm://chat --also 'tcp://127.0.0.1:5242?framing=line'", "One room for Fairlead and for nc"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var hubs = new List<(Hub Hub, bool IsSilent)>();
        try
        {
            var most = parsed.GetRequiredValue(_most);
            Address[] addresses = [_endpoint.Address(parsed), .. (parsed.GetValue(_also) ?? []).Select(static text => (Address)text)];
            foreach (var address in addresses)
            {
                hubs.Add(Bind(parsed, _chat.Fit(parsed, address), most));
                _endpoint.SayListening(parsed, hubs[^1].Hub);
            }

            using var screen = _chat.OpenScreen(parsed);
            await using var queue = new ScreenQueue(screen);
            var room = new ChatRoom(new ChatRules(most, parsed.GetValue(_star)), queue.Show);
            await new ChatServer(room, hubs).RunAsync(screen, queue, _endpoint.Timeout(parsed) ?? Patience, cancellationToken);
            return ExitCode.Ok;
        }
        finally
        {
            foreach (var (hub, _) in hubs)
            {
                await hub.DisposeAsync();
            }
        }
    }

    /// <summary>
    /// A client with Fairlead's protocol that is one too many gets an error from its connecting. A foreign one comes in, is told by a line,
    /// and is sent away.
    /// </summary>
    private (Hub Hub, bool IsSilent) Bind(ParseResult parsed, Address address, int most)
    {
        var isForeign = address.Option("framing") is { } framing && framing != "fairlead";
        var hub = Hub.Bind(
            address,
            new HubOptions
            {
                MaxClients = isForeign ? most + Doorstep : most,
                MaxMessageBytes = ChatText.MostBytes,

                // Up to so much waits here for a client; a send beyond that returns Full.
                OverflowPolicy = OverflowPolicy.DropNewest,
            });
        return (hub, isForeign && _chat.IsRaw(parsed));
    }
}
