using System.CommandLine;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Does something with items of a work queue: drops them, or lets workers try them now.</summary>
internal sealed class WorkItemsCommand : ToolCommand
{
    private readonly QueueArgument _queue;
    private readonly ItemsArgument _items;
    private readonly string _done;
    private readonly Func<WorkQueueControl, IEnumerable<long>, CancellationToken, ValueTask<int>> _act;

    private WorkItemsCommand(
        string name,
        string description,
        string done,
        Func<WorkQueueControl, IEnumerable<long>, CancellationToken, ValueTask<int>> act,
        params (string Line, string What)[] examples)
        : base(name, description)
    {
        (_done, _act, Examples) = (done, act, examples);
        _queue = QueueArgument.AddTo(this);
        _items = ItemsArgument.AddTo(this);
    }

    public static WorkItemsCommand Drop() => new(
        "drop",
        "Remove items from a work queue; their senders learn that they are not done",
        "dropped",
        static (control, numbers, cancellationToken) => control.DropAsync(numbers, cancellationToken),
        ("fairlead work drop unix://jobs 17 18", "Remove two items; exit 3 if one of them is not in the queue any more"),
        ("fairlead work drop unix://jobs --all given-up", "Forget all items that no worker accepted"));

    public static WorkItemsCommand Retry() => new(
        "retry",
        "Let workers try items now: those given up, those for later, and those that a stuck worker has",
        "tried again",
        static (control, numbers, cancellationToken) => control.RetryAsync(numbers, cancellationToken),
        ("fairlead work retry unix://jobs --all given-up", "Try again what no worker accepted, as if it were new"),
        ("fairlead work retry unix://jobs 17", "Give an item to another worker, because the first one is stuck"));

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        _items.Check(parsed);
        await using var control = await _queue.ConnectAsync(parsed, cancellationToken);
        return await _items.ForEachAsync(
            parsed, control, (numbers, end) => _act(control, numbers, end), _done, cancellationToken);
    }
}
