using System.CommandLine;
using Fairlead.Cli.Commands.Messaging;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Working;

/// <summary>Pushes items to workers; each gets the receipt of the worker that processed it.</summary>
internal sealed class WorkPushCommand : ToolCommand
{
    /// <summary>How long to try a name that a process holds but does not listen on.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Option<int> _priority = NewOption.Number(
        "--priority", "Workers get items with a higher number first", normally: 0, byte.MaxValue);
    private readonly Option<TimeSpan?> _delay = NewOption.Duration("--delay", "Workers get each item after this time");

    public WorkPushCommand()
        : base("push", "Push items of work and wait until they are done")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: false, "Longest time until an item is done", ["work-queue"], turns: false);
        _payload = PayloadArguments.AddTo(this, "item");
        Add(_priority);
        Add(_delay);
        Examples =
        [
            ("seq 100 | fairlead work push unix://jobs -", "Push one item per line; exit when all are done"),
            (
                "fairlead work push unix://jobs --file job.json --timeout 1m",
                "Exit 0 if a worker accepts it, 124 if none does within a minute"),
            ("fairlead work push unix://jobs 'rotate logs' --priority 9 --delay 1h", "An urgent item, in an hour; exit when it is done"),
            ("fairlead work push unix://jobs 'make all' --wait 10s", "Wait for a process that serves the queue before serving it here"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var items = _payload.ReadAsync(parsed, cancellationToken).GetAsyncEnumerator(cancellationToken);
        using var pushing = new Pushing(items, (byte)parsed.GetValue(_priority), parsed.GetValue(_delay), _endpoint.Timeout(parsed));
        while (true)
        {
            Sender sender;
            WorkQueue? queue;
            try
            {
                (sender, queue) = await OpenAsync(parsed, cancellationToken);
            }
            catch (FairleadException) when (pushing.IsUnderWay)
            {
                // The host was lost, and no other is available.
                pushing.Explain(_endpoint.Address(parsed));
                throw;
            }

            await using (queue)
            {
                bool isLost;
                await using (sender)
                {
                    isLost = await pushing.PushAsync(sender, cancellationToken);
                }

                if (isLost)
                {
                    // Items that no worker took are pushed again, to the next host of the queue, which may be this process.
                    continue;
                }

                if (queue is not null)
                {
                    await StayAsync(queue, cancellationToken);
                }

                return pushing.Explain(sender.Address);
            }
        }
    }

    /// <summary>Keeps the queue for the items of other processes until the last of them has left.</summary>
    private static async Task StayAsync(WorkQueue queue, CancellationToken cancellationToken)
    {
        var finishing = queue.FinishAsync(cancellationToken);
        if (await Task.WhenAny(finishing, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, cancellationToken)) != finishing
            && !cancellationToken.IsCancellationRequested)
        {
            ErrorLine.Write($"{queue.Address}: all items are done; the queue stays for other processes that push there");
        }

        await finishing;
    }

    /// <summary>Connects to the queue; hosts it first if no process does.</summary>
    private async Task<(Sender Sender, WorkQueue? Queue)> OpenAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await TryOpenAsync(parsed, cancellationToken);
            }
            catch (FairleadException changing) when (MayChange(changing) && TimeProvider.System.GetElapsedTime(since) < Patience)
            {
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Returns whether the failure may pass: one host ends and admits no client, or another begins and does not listen yet. Anything that
    /// is not an endpoint stays as it is.
    /// </summary>
    private static bool MayChange(FairleadException exception) =>
        exception is { Code: ErrorCode.PeerGone } or { Code: ErrorCode.AlreadyExists, Peer: not null };

    private async Task<(Sender Sender, WorkQueue? Queue)> TryOpenAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            return (await _endpoint.OpenAsync<Sender>(parsed, Sender.Bind, Sender.ConnectAsync, cancellationToken), null);
        }
        catch (FairleadException nobody) when (nobody.Code == ErrorCode.NotFound)
        {
            // Then this process hosts it.
        }

        var queue = WorkServeCommand.Host(_endpoint.Address(parsed));
        _endpoint.SayListening(parsed, queue);
        try
        {
            return (await Sender.ConnectAsync(queue.Address, cancellationToken: cancellationToken), queue);
        }
        catch
        {
            queue.Dispose();
            throw;
        }
    }
}
