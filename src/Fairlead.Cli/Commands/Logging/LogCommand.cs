using System.CommandLine;

namespace Fairlead.Cli.Commands.Logging;

/// <summary>Mapped logs: append, follow, replay and inspect.</summary>
internal sealed class LogCommand : Command, IHasExamples
{
    public LogCommand()
        : base("log", "Append to a persistent log, follow it and replay it")
    {
        Add(new LogAppendCommand());
        Add(new LogFollowCommand());
        Add(new LogReplayCommand());
        Add(new LogInfoCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("make 2>&1 | fairlead log append log://builds -", "Log the output of a program"),
        ("fairlead log follow log://builds", "Print all records and wait for more, in any number of shells"),
        ("fairlead log replay log://builds --from '2026-11-20 12:00'", "Print the records since a time"),
    ];
}
