using System.CommandLine;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Tests whether an event is set.</summary>
internal sealed class EventIsSetCommand : ToolCommand
{
    private readonly EventArguments _event;

    public EventIsSetCommand()
        : base("is-set", "Test whether an event is set: exit 0 if it is, 1 if not")
    {
        _event = EventArguments.AddTo(this);
        Examples = [("fairlead event is-set go || echo not yet", "Test without waiting")];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var one = _event.Open(parsed);
        return Task.FromResult(one.IsSet ? ExitCode.Ok : ExitCode.Failure);
    }
}
