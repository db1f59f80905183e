using System.CommandLine;

namespace Fairlead.Cli.Commands.Chatting;

/// <summary>Chats: a room of one server and many clients, and a talk between two.</summary>
internal sealed class ChatCommand : Command, IHasExamples
{
    public ChatCommand()
        : base("chat", "Chat: a server with numbered clients, or one to one; with plain C programs too")
    {
        Add(new ChatServeCommand());
        Add(new ChatJoinCommand());
        Add(new ChatInputCommand());
        Add(new ChatPairCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead chat serve unix://chat", "Open a room; type to all, or '@2 hello' to client 2"),
        ("fairlead chat join unix://chat --name ada", "Join from any number of terminals; 'end' leaves"),
        ("fairlead chat serve tcp://127.0.0.1:5242 --raw", "A room for programs without Fairlead"),
    ];
}
