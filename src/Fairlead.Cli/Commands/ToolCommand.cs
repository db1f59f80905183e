using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>One verb of the tool.</summary>
internal abstract class ToolCommand : Command, IHasExamples
{
    protected ToolCommand(string name, string description)
        : base(name, description) => SetAction(RunAsync);

    /// <summary>What stands below the options in the help: a command line, and what it does.</summary>
    public IReadOnlyList<(string Line, string What)> Examples { get; protected init; } = [];

    /// <summary>Runs the verb and returns the exit code. What it throws becomes a line on stderr and an exit code of its kind.</summary>
    protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken);
}
