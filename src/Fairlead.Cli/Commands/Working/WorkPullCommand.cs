using System.Buffers;
using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Cli.Processes;

namespace Fairlead.Cli.Commands.Working;

/// <summary>A worker: processes items by a command, or prints them.</summary>
internal sealed class WorkPullCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly Option<string?> _exec = new("--exec")
    {
        Description =
            "Process each item with a command; /bin/sh runs it, with the item and a newline on stdin. Exit 0 accepts the item; "
                + "otherwise another worker gets it",
        HelpName = "COMMAND",
    };
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Pass only the bytes: add no newline to an item");
    private readonly Option<int> _maxOutput = NewOption.MaxOutput();
    private readonly Option<long?> _count = NewOption.Count("Exit after this many items");
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public WorkPullCommand()
        : base("pull", "Process items of work: print each one, or run a command for it")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: false, "Longest time to wait for an item", ["work-queue"], turns: false);
        Add(_exec);
        Add(_raw);
        Add(_maxOutput);
        Add(_count);
        Add(_output);
        Examples =
        [
            ("fairlead work pull unix://jobs --exec 'xargs convert'", "Run a command for each item; start as many workers as you like"),
            ("fairlead work pull unix://jobs --count 1", "Print one item, and accept it"),
            (
                "fairlead work pull unix://jobs --output json --timeout 10s",
                "Print one JSON object per line, with earlier deliveries; give up after 10 seconds without work"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var address = _endpoint.Address(parsed);
        var timeout = _endpoint.Timeout(parsed);
        var work = Worker(parsed);
        var left = parsed.GetValue(_count) ?? long.MaxValue;
        var hasWorked = false;
        var wait = _endpoint.Wait(parsed);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
        try
        {
            // Queues come and go with their pushing processes: a worker stays.
            while (true)
            {
                await using var receiver = await ConnectAsync(address, wait, end.Token);
                _endpoint.SayConnected(parsed, receiver);
                hasWorked = true;
                wait = _endpoint.Reconnect(parsed) ?? wait;
                try
                {
                    await foreach (var item in receiver.ReceiveAllAsync(end.Token))
                    {
                        end.CancelAfter(Timeout.InfiniteTimeSpan);
                        if (await work(item, cancellationToken) && --left == 0)
                        {
                            return ExitCode.Ok;
                        }

                        end.CancelAfter(timeout ?? Timeout.InfiniteTimeSpan);
                    }
                }
                catch (FairleadException lost) when (lost.Code == ErrorCode.PeerGone)
                {
                    ErrorLine.Write(lost.Message);
                }
            }
        }
        catch (FairleadException nobody) when (nobody.Code is ErrorCode.NotFound or ErrorCode.PeerGone && hasWorked)
        {
            // A process that ends accepts connections until its socket is closed.
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FairleadException(ErrorCode.Timeout, $"no item arrived within {DurationText.Describe(timeout!.Value)}")
            {
                Address = address,
            };
        }
    }

    /// <summary>Connects; waits without a limit, unless one is given.</summary>
    private static ValueTask<Receiver> ConnectAsync(Address address, TimeSpan? wait, CancellationToken cancellationToken) =>
        Receiver.ConnectAsync(address, new EndpointOptions { ConnectTimeout = wait ?? Timeout.InfiniteTimeSpan }, cancellationToken);

    /// <summary>Returns the function that processes an item; it returns whether the item was accepted.</summary>
    private Func<Message, CancellationToken, ValueTask<bool>> Worker(ParseResult parsed)
    {
        var isRaw = parsed.GetValue(_raw);
        var format = parsed.GetRequiredValue(_output);
        if (parsed.GetValue(_exec) is not { } command)
        {
            var output = MessageOutput.Of(isRaw, format);
            return (item, _) =>
            {
                SayIfAgain(item);
                output.Write(item);
                item.Accept();
                return new ValueTask<bool>(true);
            };
        }

        if (format == "json")
        {
            throw ToolException.Usage("--exec prints the output of the command unchanged: leave out --output json");
        }

        var shell = new ShellCommand(command, isRaw, timeout: null, parsed.GetValue(_maxOutput));
        return (item, cancellationToken) => RunAsync(shell, item, isRaw, cancellationToken);
    }

    /// <summary>Runs the command. On interruption the command is killed and the item returned, since it was not accepted.</summary>
    private static async ValueTask<bool> RunAsync(ShellCommand shell, Message item, bool isRaw, CancellationToken cancellationToken)
    {
        SayIfAgain(item);
        try
        {
            using CollectedOutput output = new(shell.MostOutput);
            var written = await shell.RunAsync(item.Memory, item.Peer, output, cancellationToken);
            if (!written.IsEmpty)
            {
                // In one piece: lines of several workers on one pipe stay whole.
                StandardOutput.Write(isRaw ? written.ToArray() : [.. written.ToArray(), (byte)'\n']);
            }

            item.Accept();
            return true;
        }
        catch (FairleadException failed)
        {
            ErrorLine.Write($"not done: {item.Text}: {failed.WhatHappened}");
            item.Reject(failed.WhatHappened);
            return false;
        }
    }

    private static void SayIfAgain(Message item)
    {
        if (item.Redelivered || item.Deliveries > 0)
        {
            var perhaps = item.Redelivered ? ", and may have been processed" : "";
            ErrorLine.Write($"redelivered: {item.Text}: delivered {item.Deliveries} times before{perhaps}");
        }
    }
}
