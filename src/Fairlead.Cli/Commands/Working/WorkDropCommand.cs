using System.CommandLine;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Removes items from a work queue.</summary>
internal sealed class WorkDropCommand : ToolCommand
{
    private readonly QueueArgument _queue;
    private readonly ItemsArgument _items;

    public WorkDropCommand()
        : base("drop", "Remove items from a work queue; their senders learn that they are not done")
    {
        _queue = QueueArgument.AddTo(this);
        _items = ItemsArgument.AddTo(this);
        Examples =
        [
            ("fairlead work drop unix://jobs 17 18", "Remove two items; exit 3 if one of them is not in the queue any more"),
            ("fairlead work drop unix://jobs --all given-up", "Forget all items that no worker accepted"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _items.Check(parsed);
        await using var control = await _queue.ConnectAsync(parsed, cancellationToken);
        return await _items.ForEachAsync(parsed, control, control.DropAsync, "dropped", cancellationToken);
    }
}
