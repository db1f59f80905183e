using System.CommandLine;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Work queues: each item goes to one of many workers.</summary>
internal sealed class WorkCommand : Command, IHasExamples
{
    public WorkCommand()
        : base("work", "Distribute work: each item to one worker, and to another if that one fails")
    {
        Add(new WorkPushCommand());
        Add(new WorkPullCommand());
        Add(new WorkServeCommand());
        Add(new WorkListCommand());
        Add(WorkItemsCommand.Drop());
        Add(WorkItemsCommand.Retry());
    }

    public IReadOnlyList<(string Line, string What)> Examples { get; } =
    [
        (
            "fairlead work pull unix://jobs --exec 'gzip -9 \"$(cat)\"'",
            "A worker; start as many as you like, before or after the work"),
        ("ls *.log | fairlead work push unix://jobs -", "Push the work, and exit when all of it is done"),
        ("fairlead work serve unix://jobs", "A separate queue, for several pushing processes"),
    ];
}
