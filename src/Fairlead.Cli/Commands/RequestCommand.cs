using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Requests: of type 4 for one, of type 3 for the lines of stdin.</summary>
internal sealed class RequestCommand : ToolCommand
{
    private const int DefaultInFlight = 32;

    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _raw = NewOption.Switch("--raw", "Write the replies' bytes alone, without newlines between");
    private readonly Option<int> _inFlight = NewOption.Number(
        "--in-flight", "How many requests may be under way at once, where there are several", DefaultInFlight);
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public RequestCommand()
        : base("request", "Ask a responder, and write its reply")
    {
        _endpoint = EndpointArguments.AddTo(this, binds: false, "How long a reply may take; the responder is told", ["responder"]);
        _payload = PayloadArguments.AddTo(this, "request");
        Add(_raw);
        Add(_inFlight);
        Add(_output);
        Examples =
        [
            ("fairlead request unix://calc '2^100'", "One request"),
            (
                "seq 100 | fairlead request unix://calc -",
                "One a line; many are under way at once, the replies come in the order of the lines"),
            ("fairlead request --timeout 1s unix://calc '1+1'", "Exit 124 when there is no reply within a second"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var payloads = _payload.ReadAsync(parsed, cancellationToken);
        var output = MessageOutput.Of(parsed.GetValue(_raw), parsed.GetRequiredValue(_output));
        await using var requester = await _endpoint.OpenAsync(parsed, Requester.Bind, Requester.ConnectAsync, cancellationToken);
        var replies = new ReplyQueue(parsed.GetValue(_inFlight), output, cancellationToken);
        await foreach (var request in payloads)
        {
            await replies.AddAsync(requester.RequestAsync(request.Span, _endpoint.Timeout(parsed), cancellationToken));
        }

        await replies.CompleteAsync();
        return ExitCode.Ok;
    }
}
