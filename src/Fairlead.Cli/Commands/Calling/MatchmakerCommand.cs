using System.CommandLine;

namespace Fairlead.Cli.Commands.Calling;

/// <summary>The matchmaker for services on several hosts.</summary>
internal sealed class MatchmakerCommand : Command, IHasExamples
{
    public MatchmakerCommand()
        : base("matchmaker", "Let clients on other hosts find services by name")
    {
        Add(new MatchmakerServeCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("fairlead matchmaker serve tcp://127.0.0.1:5000", "Take the entries of servers that name this matchmaker"),
        ("fairlead services --matchmaker tcp://10.0.0.5:5000", "List them, on any host"),
        ("fairlead call --matchmaker tcp://10.0.0.5:5000 calc Add '[2,3]'", "Call a service that is registered there"),
    ];
}
