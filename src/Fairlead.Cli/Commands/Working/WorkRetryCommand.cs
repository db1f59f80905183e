using System.CommandLine;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Lets workers try items now.</summary>
internal sealed class WorkRetryCommand : ToolCommand
{
    private readonly QueueArgument _queue;
    private readonly ItemsArgument _items;

    public WorkRetryCommand()
        : base("retry", "Let workers try items now: those given up, those for later, and those that a stuck worker has")
    {
        _queue = QueueArgument.AddTo(this);
        _items = ItemsArgument.AddTo(this);
        Examples =
        [
            ("fairlead work retry unix://jobs --all given-up", "Try again what no worker accepted, as if it were new"),
            ("fairlead work retry unix://jobs 17", "Give an item to another worker, because the first one is stuck"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _items.Check(parsed);
        await using var control = await _queue.ConnectAsync(parsed, cancellationToken);
        return await _items.ForEachAsync(parsed, control, control.RetryAsync, "tried again", cancellationToken);
    }
}
