using System.CommandLine;
using System.Text;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Hosts a work queue.</summary>
internal sealed class WorkServeCommand : ToolCommand
{
    /// <summary>A command takes longer than an item's way: no worker shall hold two while another has none.</summary>
    private const int DefaultPrefetch = 1;

    private const int DefaultDeliveries = 5;

    private readonly EndpointArguments _endpoint;
    private readonly Option<int> _prefetch = NewOption.Number("--prefetch", "Limit for items that a worker has at a time", DefaultPrefetch);
    private readonly Option<int> _deliveries = NewOption.Number(
        "--deliveries", "Number of deliveries before an item is given up", DefaultDeliveries);

    public WorkServeCommand()
        : base("serve", "Serve a work queue until interrupted")
    {
        _endpoint = EndpointArguments.AddTo(
            this, binds: true, "On interruption, longest time to wait for items that workers hold", [], turns: false);
        Add(_prefetch);
        Add(_deliveries);
        Examples =
        [
            ("fairlead work serve unix://jobs", "Serve all processes that push and pull there"),
            (
                "fairlead work serve tcp://127.0.0.1:0 --prefetch 16",
                "On any free port, which is printed to stderr; workers prefetch small items"),
        ];
    }

    /// <summary>Binds a queue that reports the items it gives up.</summary>
    public static WorkQueue Host(Address address, int prefetch = DefaultPrefetch, int deliveries = DefaultDeliveries) =>
        WorkQueue.Bind(
            address,
            new WorkQueueOptions
            {
                Prefetch = prefetch,
                MaxDeliveries = deliveries,
                DeadLetter = static letter =>
                {
                    ErrorLine.Write(
                        $"given up after {letter.Deliveries} deliveries: {Encoding.UTF8.GetString(letter.Payload.Span)}: {letter.Reason}");
                    return default;
                },
            });

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var queue = Host(_endpoint.Address(parsed), parsed.GetValue(_prefetch), parsed.GetValue(_deliveries));
        _endpoint.SayListening(parsed, queue);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return ExitCode.Ok;
        }
        finally
        {
            await queue.CloseAsync(_endpoint.Timeout(parsed));

            // Items that workers still held: their senders get the status unknown.
            var doubt = queue.Count;
            ErrorLine.Write(
                $"{queue.Address}: {queue.Accepted} items done, {queue.Redeliveries} redelivered, {queue.GivenUp} given up, "
                    + $"{queue.TakenBack} withdrawn by their senders, {queue.GivenBack} returned to their senders, {doubt} in doubt"
            );
        }
    }
}
