using System.CommandLine;

namespace Fairlead.Cli.Commands;

/// <summary>Waits for an event.</summary>
internal sealed class EventWaitCommand : ToolCommand
{
    private readonly EventArguments _event;
    private readonly Option<TimeSpan?> _timeout = NewOption.Timeout("How long to wait; then it ends with 124");

    public EventWaitCommand()
        : base("wait", "Wait until an event is set")
    {
        _event = EventArguments.AddTo(this);
        Add(_timeout);
        Examples =
        [
            ("fairlead event wait go && ./worker", "Any number of shells; one 'fairlead event set go' starts them all"),
            ("fairlead event wait go --timeout 5s", "At most 5 seconds (124)"),
            ("fairlead event wait job --auto", "One of those who wait goes on for each 'fairlead event set job'"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var one = _event.Open(parsed);
        one.Wait(parsed.GetValue(_timeout), cancellationToken);
        return Task.FromResult(ExitCode.Ok);
    }
}
