using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Requests: type 4 for one, type 3 for the lines of stdin.</summary>
internal sealed class RequestCommand : ToolCommand
{
    private const int DefaultInFlight = 32;

    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write only the bytes of the replies, without newlines");
    private readonly Option<int> _inFlight = NewOption.Number(
        "--in-flight", "Number of requests that may be in flight at the same time", DefaultInFlight);
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public RequestCommand()
        : base("request", "Send a request and print the reply")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: false, "Longest time to wait for a reply", ["responder"]);
        _payload = PayloadArguments.AddTo(this, "request");
        Add(_raw);
        Add(_inFlight);
        Add(_output);
        Examples =
        [
            ("fairlead request unix://calc '2^100'", "Send one request"),
            (
                "seq 100 | fairlead request unix://calc -",
                "Send one request per line; many are in flight, and replies keep the order of the lines"),
            ("fairlead request --timeout 1s unix://calc '1+1'", "Exit 124 without a reply within a second"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var payloads = _payload.ReadAsync(parsed, end.Token);
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        await using var requester = await _endpoint.OpenAsync(parsed, Requester.Bind, Requester.ConnectAsync, cancellationToken);
        var replies = new ReplyQueue(parsed.GetValue(_inFlight), output, cancellationToken);
        await using var requests = payloads.GetAsyncEnumerator(end.Token);
        while (await NextAsync(requests, replies, end))
        {
            await replies.AddAsync(requester.RequestAsync(requests.Current.Span, _endpoint.Timeout(parsed), cancellationToken));
        }

        await replies.CompleteAsync();
        return ExitCode.Ok;
    }

    /// <summary>Reads the next request. A failure is reported immediately, and not when another line is typed.</summary>
    private static async ValueTask<bool> NextAsync(
        IAsyncEnumerator<ReadOnlyMemory<byte>> requests, ReplyQueue replies, CancellationTokenSource end)
    {
        var reading = requests.MoveNextAsync().AsTask();
        if (!reading.IsCompleted && await Task.WhenAny(reading, replies.Ended) != reading)
        {
            // The read must have ended before the enumerator is disposed.
            await end.CancelAsync();
            await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await replies.Ended;
        }

        return await reading;
    }
}
