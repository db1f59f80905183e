using System.CommandLine;
using Fairlead.Cli.Chat;

namespace Fairlead.Cli.Commands.Chatting;

/// <summary>A client of a chat.</summary>
internal sealed class ChatJoinCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly ChatArguments _chat;
    private readonly Option<string?> _name = new("--name") { Description = "Take this name", HelpName = "NAME" };

    public ChatJoinCommand()
        : base("join", "Join a room; 'end', the end of input or Ctrl-C leaves it")
    {
        _endpoint = EndpointArguments.AddTo(
            this, binds: false, "Time limit for connecting, and for delivering the last lines on exit", ["hub"], turns: false);
        Add(_name);
        _chat = ChatArguments.AddTo(this);
        Examples =
        [
            ("fairlead chat join unix://chat --name ada", "Send lines to all; '@2 hello' to client 2 alone; /who lists the room"),
            ("fairlead chat join tcp://127.0.0.1:5242 --raw", "As a client of a plain C server"),
            ("fairlead chat join unix://chat --input-fifo /tmp/typing", "Read here, and type in another window"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var name = parsed.GetValue(_name);
        var isRaw = _chat.IsRaw(parsed);
        if (name is not null && isRaw)
        {
            throw ToolException.Usage("--name needs a server of Fairlead's own; a raw server does not know names");
        }

        if (name is not null && !ChatName.IsValid(name))
        {
            throw ToolException.Usage($"--name '{name}': a name is {ChatName.Allowed}");
        }

        await using var pair = await _endpoint.OpenAsync(
            parsed,
            Pair.Bind,
            (address, options, token) => Pair.ConnectAsync(_chat.Fit(parsed, address), options, token),
            cancellationToken);
        using var screen = _chat.OpenScreen(parsed);
        return await new ChatClient(pair, screen, isRaw).RunAsync(name, _endpoint.Timeout(parsed), cancellationToken);
    }
}
