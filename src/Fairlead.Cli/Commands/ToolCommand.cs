using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>A command of the tool.</summary>
internal abstract class ToolCommand : Command, IHasExamples
{
    protected ToolCommand(string name, string description)
        : base(name, description) => SetAction(RunAsync);

    /// <summary>The examples below the options in the help: a command line, and what it does.</summary>
    public IReadOnlyList<(string Line, string What)> Examples { get; protected init; } = [];

    /// <summary>Runs the command and returns the exit code. An exception becomes a line on stderr and the exit code of its kind.</summary>
    protected abstract Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken);
}
