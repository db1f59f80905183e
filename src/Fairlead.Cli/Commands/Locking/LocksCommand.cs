using System.CommandLine;
using System.CommandLine.Completions;
using Fairlead.Cli.Output;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Shows the owners and waiters of the locks.</summary>
internal sealed class LocksCommand : ToolCommand
{
    private readonly Argument<string?> _name = new("NAME")
    {
        Description = "Name of a lock; without it, all locks with owners or waiters",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _all = NewOption.Switch("--all", "Also show free locks");
    private readonly Option<string> _output = NewOption.Output("table", "json", "text");

    public LocksCommand()
        : base("locks", "Show the owners and waiters of named locks")
    {
        _name.CompletionSources.Add(static _ => Names());
        Add(_name);
        Add(_all);
        Add(_output);
        Examples =
        [
            ("fairlead locks", "Show owners and waiters, and since when"),
            ("fairlead locks build", "Show one lock, even if it is free"),
            ("fairlead locks --output json | jq -r 'select(.waiters | length > 3) | .lock'", "One JSON object per lock, for programs"),
        ];
    }

    /// <summary>Returns the names of the locks of some kinds, for completion; of all kinds if none is given.</summary>
    public static IEnumerable<CompletionItem> Names(params string[] kinds) =>
        NamedLocks
            .List()
            .Where(found => kinds.Length == 0 || kinds.Contains(found.Kind))
            .Select(static found => new CompletionItem(found.Name));

    /// <summary>Returns all locks, or those with owners or waiters.</summary>
    public static IEnumerable<LockLine> Lines(bool all) =>
        NamedLocks.List().Where(found => all || found.Holders.Count > 0 || found.Waiters.Count > 0).Select(LockLine.Of);

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyList<LockLine> lines = [.. Lines(parsed.GetValue(_all) || parsed.GetValue(_name) is not null)];
        if (parsed.GetValue(_name) is { } name)
        {
            lines = lines.FirstOrDefault(line => line.Lock == name) is { } line
                ? [line]
                : throw new ToolException(ExitCode.NotFound, $"the lock '{name}' does not exist");
        }

        LockListing.Write(lines, parsed.GetRequiredValue(_output));
        return Task.FromResult(ExitCode.Ok);
    }
}
