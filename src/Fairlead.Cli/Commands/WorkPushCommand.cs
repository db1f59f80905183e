using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Items for workers, each with the receipt of the worker that did it.</summary>
internal sealed class WorkPushCommand : ToolCommand
{
    /// <summary>Items whose receipts are awaited at once.</summary>
    private const int InFlight = 256;

    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Lock _gate = new();
    private long _pushed;
    private long _failed;
    private Delivery _firstFailure;

    public WorkPushCommand()
        : base("push", "Push items of work, and wait until they are done")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: false, "How long an item may take until it is done", ["work-queue"], turns: false);
        _payload = PayloadArguments.AddTo(this, "item");
        Examples =
        [
            ("seq 100 | fairlead work push unix://jobs -", "An item a line; ends when all are done"),
            ("fairlead work push unix://jobs --file job.json --timeout 1m", "Exit 0 when a worker has accepted it, 124 when none has within a minute"),
            ("fairlead work push unix://jobs 'make all' --wait 10s", "Wait for somebody to serve the queue before doing that itself"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken token)
    {
        var items = _payload.ReadAsync(parsed, token);
        var timeout = _endpoint.Timeout(parsed);
        var (sender, queue) = await OpenAsync(parsed, token);
        await using (queue)
        await using (sender)
        {
            using var places = new SemaphoreSlim(InFlight);
            await foreach (var item in items)
            {
                await places.WaitAsync(token);
                _pushed++;
                _ = FollowAsync(sender.DeliverAsync(item.Span, timeout, token), places);
            }

            for (var i = 0; i < InFlight; i++)
            {
                await places.WaitAsync(token);
            }

            if (queue is not null)
            {
                // What others pushed here meanwhile.
                await queue.DrainAsync(token);
            }
        }

        return Explain(sender.Address);
    }

    /// <summary>Connects, or hosts the queue where nobody does, and connects to that.</summary>
    private async Task<(Sender Sender, WorkQueue? Queue)> OpenAsync(ParseResult parsed, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return (await _endpoint.OpenAsync<Sender>(parsed, Sender.Bind, Sender.ConnectAsync, token), null);
            }
            catch (FairleadException nobody) when (nobody.Code == ErrorCode.NotFound)
            {
                // Then this process hosts it.
            }

            WorkQueue queue;
            try
            {
                queue = WorkServeCommand.Host(_endpoint.Address(parsed));
            }
            catch (FairleadException held) when (held.Code == ErrorCode.AlreadyExists && !token.IsCancellationRequested)
            {
                // Somebody else was quicker.
                continue;
            }

            _endpoint.SayListening(parsed, queue);
            try
            {
                return (await Sender.ConnectAsync(queue.Address, token: token), queue);
            }
            catch
            {
                queue.Dispose();
                throw;
            }
        }
    }

    private async Task FollowAsync(ValueTask<Delivery> delivering, SemaphoreSlim places)
    {
        Delivery delivery;
        try
        {
            delivery = await delivering;
        }
        catch (Exception exception) when (exception is FairleadException or OperationCanceledException or ObjectDisposedException)
        {
            delivery = new Delivery(DeliveryStatus.NotDelivered, exception.Message, (exception as FairleadException)?.Code);
        }

        if (!delivery.IsDelivered)
        {
            lock (_gate)
            {
                _firstFailure = _failed++ == 0 ? delivery : _firstFailure;
            }
        }

        places.Release();
    }

    private int Explain(Address address)
    {
        if (_failed == 0)
        {
            return ExitCode.Ok;
        }

        var status = _firstFailure.Status == DeliveryStatus.Unknown ? "unknown whether it was done" : "not done";
        ErrorLine.Write($"{address}: of {_pushed} items {_failed} were not accepted; the first of them: {status}: {_firstFailure.Reason}");
        return _firstFailure.Cause is { } cause ? ExitCode.Of(cause) : ExitCode.Failure;
    }
}
