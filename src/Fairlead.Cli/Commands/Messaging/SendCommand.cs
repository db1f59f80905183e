using System.CommandLine;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Commands.Messaging;

/// <summary>Messages of type 1, and of type 2 with <c>--deliver</c>.</summary>
internal sealed class SendCommand : ToolCommand
{
    private readonly EndpointArguments _endpoint;
    private readonly PayloadArguments _payload;
    private readonly Option<bool> _deliver = NewOption.Switch(
        "--deliver", "Wait for the receipt of each message, and report failures");

    public SendCommand()
        : base("send", "Send messages to a receiver")
    {
        _endpoint = EndpointArguments
            .AddTo(
                this,
                binds: false,
                "Longest time for a message, its receipt, and the last acknowledgement (default: while the receiver lives)",
                ["receiver"])
            .WithFull(
                this,
                "What to do when the receiver is full (default: wait)",
                OverflowPolicy.Wait,
                OverflowPolicy.DropOldest,
                OverflowPolicy.DropNewest,
                OverflowPolicy.Fail);
        _payload = PayloadArguments.AddTo(this, "message");
        Add(_deliver);
        Examples =
        [
            ("fairlead send unix://inbox hello", "Send one message"),
            ("seq 3 | fairlead send unix://inbox -", "Send one message per line"),
            ("fairlead send unix://inbox --file photo.jpg", "Send a file as one message"),
            (
                "tail -F metrics | fairlead send unix://inbox - --full drop-oldest",
                "Never wait for a slow receiver, and report how many messages were dropped"),
            (
                "fairlead send --deliver --timeout 1s unix://inbox hello",
                "Exit 0 if the receiver accepts it, 124 if it does not within a second"),
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
                // On a durable address Send waits until its message is confirmed. Closing waits for those that went without waiting.
                if (sender.TrySend(message.Span) != SendResult.Sent)
                {
                    sender.Send(message.Span, timeout, cancellationToken);
                }
            }
            else if (await sender.DeliverAsync(message, timeout, cancellationToken) is { IsDelivered: false } receipt)
            {
                return Explain(sender.Address, receipt);
            }
        }

        return Dropping.Say(sender, await Draining.CloseAsync(sender, timeout, cancellationToken), wasAskedFor: true);
    }

    /// <summary>Reports a negative receipt; its cause decides the exit code.</summary>
    private static int Explain(Address address, Delivery receipt)
    {
        var status = receipt.Status == DeliveryStatus.Unknown ? "unknown if delivered" : "not delivered";
        ErrorLine.Write($"{address}: {status}: {receipt.Reason}");
        return receipt.Cause is { } cause ? ExitCode.Of(cause) : ExitCode.Failure;
    }
}
