using System.CommandLine;
using Fairlead.Cli.Tour;

namespace Fairlead.Cli.Commands;

/// <summary>
/// Hidden: a process of the tour, started by it. A Ctrl-C at the terminal reaches it too; it leaves that to the parent, whose end closes
/// stdin.
/// </summary>
internal sealed class TourWorkerCommand : ToolCommand
{
    public const string Verb = "tour-worker";

    public TourWorkerCommand()
        : base(Verb, "A process of the tour") => Hidden = true;

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        new WorkerHost().Run(Console.In);
        return Task.FromResult(ExitCode.Ok);
    }
}
