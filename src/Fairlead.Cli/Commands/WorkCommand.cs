using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>Work queues: each item to one of many workers.</summary>
internal sealed class WorkCommand : Command, IHasExamples
{
    public WorkCommand()
        : base("work", "Hand out work: each item to one of many workers, and to another when it is not done")
    {
        Add(new WorkPushCommand());
        Add(new WorkPullCommand());
        Add(new WorkServeCommand());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        (
            "fairlead work pull unix://jobs --exec 'gzip -9 \"$(cat)\"'",
            "A worker; start as many as you like, before or after the work is there"),
        ("ls *.log | fairlead work push unix://jobs -", "The work; ends when all of it is done"),
        ("fairlead work serve unix://jobs", "A queue that lives on its own, for several who push"),
    ];
}
