using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>Mapped logs: append, follow, replay, and what is in them.</summary>
internal sealed class LogCommand : Command, IHasExamples
{
    public LogCommand()
        : base("log", "Append to a log that outlives its programs, follow it, replay it")
    {
        Add(new LogAppendCommand());
        Add(new LogFollowCommand());
        Add(new LogReplayCommand());
        Add(new LogInfoCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        ("make 2>&1 | fairlead log append log://builds -", "Keep what a program says"),
        ("fairlead log follow log://builds", "See it, and what comes, from any number of shells"),
        ("fairlead log replay log://builds --from '2026-11-20 12:00'", "See what there was since then"),
    ];
}
