using System.CommandLine;
using System.Globalization;
using System.Text;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Hosts a work queue.</summary>
internal sealed class WorkServeCommand : ToolCommand
{
    /// <summary>A command takes longer than an item's way: no worker shall hold two while another has none.</summary>
    private const int DefaultPrefetch = 1;

    private const int DefaultDeliveries = 5;
    private const int KeptGivenUp = 1000;

    private readonly EndpointArguments _endpoint;
    private readonly Option<int> _prefetch = NewOption.Number("--prefetch", "Limit for items that a worker has at a time", DefaultPrefetch);
    private readonly Option<int> _deliveries = NewOption.Number(
        "--deliveries", "Number of deliveries before an item is given up", DefaultDeliveries);

    private readonly Option<TimeSpan?> _takeOver = NewOption.Duration(
        "--take-over-after", "Time that a worker may have an item before another gets it, too");

    private readonly Option<TimeSpan?> _retry = NewOption.Duration(
        "--retry-delay", "Pause before an item that a worker returned is tried again; doubles with each delivery, up to a minute");

    private readonly Option<string?> _store = new("--store")
    {
        Description = "Keep the items in this log until they are done: log://jobs",
        HelpName = "ADDRESS",
    };

    private readonly Option<bool> _finish = new("--finish")
    {
        Description = "On interruption, take nothing new, and end when all items are done, or --timeout is over",
    };

    public WorkServeCommand()
        : base("serve", "Serve a work queue until interrupted")
    {
        _endpoint = EndpointArguments.AddTo(
            this, binds: true, "On interruption, longest time to wait for items that workers hold", [], turns: false);
        Add(_prefetch);
        Add(_deliveries);
        Add(_takeOver);
        Add(_retry);
        Add(_store);
        Add(_finish);
        Examples =
        [
            ("fairlead work serve unix://jobs", "Serve all processes that push and pull there"),
            (
                "fairlead work serve tcp://127.0.0.1:0 --prefetch 16",
                "On any free port, which is printed to stderr; workers prefetch small items"),
            (
                "fairlead work serve unix://jobs --take-over-after 10m --retry-delay 5s",
                "An item goes to another worker when one has had it for ten minutes, and waits after a failure"),
            ("fairlead work serve unix://jobs --store log://jobs", "Items survive the end of this process, and of the machine"),
            (
                "fairlead work serve unix://jobs --finish --timeout 10m",
                "Ctrl-C waits up to ten minutes for the items that are in the queue, and takes no others"),
        ];
    }

    /// <summary>Binds a queue that reports the items it gives up.</summary>
    public static WorkQueue Host(Address address) => WorkQueue.Bind(address, OptionsOf(DefaultPrefetch, DefaultDeliveries));

    private static WorkQueueOptions OptionsOf(int prefetch, int deliveries) => new()
    {
        Prefetch = prefetch,
        MaxDeliveries = deliveries,
        KeepGivenUp = KeptGivenUp,
        AllowControl = true,
        DeadLetter = static letter =>
        {
            ErrorLine.Write(
                $"given up after {letter.Deliveries} deliveries: {Encoding.UTF8.GetString(letter.Payload.Span)}: {letter.Reason}");
            return default;
        },
        LateAcceptance = static late => ErrorLine.Write(
            string.Create(CultureInfo.InvariantCulture, $"accepted late, after {late.After.TotalSeconds:0.#} s, by {late.Worker}: ")
                + (late.IsCounted ? "no other worker has done it" : "another worker has it, too")),
    };

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        WorkQueueOptions options = OptionsOf(parsed.GetValue(_prefetch), parsed.GetValue(_deliveries)) with
        {
            TakeOverAfter = parsed.GetValue(_takeOver),
            RetryDelay = parsed.GetValue(_retry) ?? TimeSpan.Zero,
            Store = parsed.GetValue(_store) is { } store ? Address.Parse(store) : null,
        };
        if (options.RetryDelay > options.MaxRetryDelay)
        {
            options = options with { MaxRetryDelay = options.RetryDelay };
        }

        await using WorkQueue queue = WorkQueue.Bind(_endpoint.Address(parsed), options);
        _endpoint.SayListening(parsed, queue);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return ExitCode.Ok;
        }
        finally
        {
            if (parsed.GetValue(_finish))
            {
                await FinishAsync(queue, _endpoint.Timeout(parsed));
            }

            await queue.CloseAsync(_endpoint.Timeout(parsed));

            // Items that workers still held: their senders get the status unknown.
            var doubt = queue.Count;
            WorkQueueStatistics items = queue.ItemStatistics;
            string takenOver = queue.TakenOver == 0 ? "" : $"{queue.TakenOver} taken over, ";
            string dropped = items.Dropped == 0 ? "" : $"{items.Dropped} dropped, ";
            string left = items.LeftInStore == 0 ? "" : $"{items.LeftInStore} left in the store, ";
            ErrorLine.Write(
                $"{queue.Address}: {queue.Accepted} items done, {queue.Redeliveries} redelivered, {takenOver}{queue.GivenUp} given up, "
                    + $"{dropped}{queue.TakenBack} withdrawn by their senders, {queue.GivenBack} returned to their senders, {left}"
                    + $"{doubt} in doubt"
            );
        }
    }

    /// <summary>Waits until what the queue has is done, at most for the timeout.</summary>
    private static async Task FinishAsync(WorkQueue queue, TimeSpan? timeout)
    {
        await queue.StopTakingAsync();
        ErrorLine.Write($"{queue.Address}: takes nothing new; {queue.Count} items are left. Interrupt again to abandon them");
        using CancellationTokenSource limit = new(timeout ?? Timeout.InfiniteTimeSpan, TimeProvider.System);
        try
        {
            await queue.FinishAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            ErrorLine.Write($"{queue.Address}: {queue.Count} items were not done in time (--timeout)");
        }
    }
}
