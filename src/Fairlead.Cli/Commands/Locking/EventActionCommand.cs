using System.CommandLine;
using Fairlead.Synchronization;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Changes an event without waiting.</summary>
internal sealed class EventActionCommand : ToolCommand
{
    private readonly EventArguments _event;
    private readonly Action<NamedEvent> _act;

    public EventActionCommand(string verb, string description, Action<NamedEvent> act)
        : base(verb, description)
    {
        _event = EventArguments.AddTo(this);
        _act = act;
        Examples = [($"fairlead event {verb} go", "The event is created if it does not exist")];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var one = _event.Open(parsed);
        _act(one);
        return Task.FromResult(ExitCode.Ok);
    }
}
