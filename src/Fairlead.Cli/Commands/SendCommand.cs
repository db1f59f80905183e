using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands;

/// <summary>Messages of type 1, and of type 2 with <c>--deliver</c>.</summary>
internal sealed class SendCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _deliver = NewOption.Switch(
        "--deliver", "Wait for the receipt of each message, and say why there is none");

    public SendCommand()
        : base("send", "Send messages to a receiver")
    {
        _endpoint = EndpointArguments
            .AddTo(
                this,
                binds: false,
                "How long a message, its receipt, and the acknowledgement of the last may take; without it, as long as the receiver lives",
                ["receiver"])
            .WithFull(
                this,
                "What to do when the receiver has no room: wait is what is done otherwise",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Fail);
        _payload = PayloadArguments.AddTo(this, "message");
        Add(_deliver);
        Examples =
        [
            ("fairlead send unix://inbox hello", "One message"),
            ("seq 3 | fairlead send unix://inbox -", "One message a line"),
            ("fairlead send unix://inbox --file photo.jpg", "A file, as one message"),
            (
                "tail -F metrics | fairlead send unix://inbox - --full drop-oldest",
                "Never waits for a receiver that is behind, and says how much it dropped"),
            (
                "fairlead send --deliver --timeout 1s unix://inbox hello",
                "Exit 0 when the receiver has accepted it, 124 when it has not within a second"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var payloads = _payload.ReadAsync(parsed, cancellationToken);
        var timeout = _endpoint.Timeout(parsed);
        await using var sender = await _endpoint.OpenAsync(parsed, Sender.Bind, Sender.ConnectAsync, cancellationToken);
        await foreach (var message in payloads)
        {
            if (!parsed.GetValue(_deliver))
            {
                sender.Send(message.Span, timeout, cancellationToken);
            }
            else if (await sender.DeliverAsync(message, timeout, cancellationToken) is { IsDelivered: false } receipt)
            {
                return Explain(sender.Address, receipt);
            }
        }

        return Dropping.Say(sender, await Draining.CloseAsync(sender, timeout, cancellationToken), wasAskedFor: true);
    }

    /// <summary>A negative receipt: by whom or what decides the exit code.</summary>
    private static int Explain(Address address, Delivery receipt)
    {
        var status = receipt.Status == DeliveryStatus.Unknown ? "unknown whether it was delivered" : "not delivered";
        ErrorLine.Write($"{address}: {status}: {receipt.Reason}");
        return receipt.Cause is { } cause ? ExitCode.Of(cause) : ExitCode.Failure;
    }
}
