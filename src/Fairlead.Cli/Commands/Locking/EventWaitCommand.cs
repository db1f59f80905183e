using System.CommandLine;

namespace Fairlead.Cli.Commands.Locking;

/// <summary>Waits for an event.</summary>
internal sealed class EventWaitCommand : ToolCommand
{
    private readonly EventArguments _event;
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("Longest time to wait; after that, exit with 124");

    public EventWaitCommand()
        : base("wait", "Wait until an event is set")
    {
        _event = EventArguments.AddTo(this);
        Add(_timeout);
        Examples =
        [
            ("fairlead event wait go && ./worker", "Wait in any number of shells; 'fairlead event set go' starts them all"),
            ("fairlead event wait go --timeout 5s", "Wait for at most 5 seconds (exit 124)"),
            ("fairlead event wait job --auto", "Each 'fairlead event set job' releases one waiter"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var one = _event.Open(parsed);
        one.Wait(parsed.GetValue(_timeout), cancellationToken);
        return Task.FromResult(ExitCode.Ok);
    }
}
