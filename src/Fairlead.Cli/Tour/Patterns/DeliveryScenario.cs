using System.Diagnostics;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>Type 2: the sender waits for the receipt of each message. The time is that until the receipt arrives.</summary>
internal sealed class DeliveryScenario : TalkScenario
{
    public override string Name => "delivery";

    public override string Title => "2 message with receipt";

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var receiver = Receiver.Bind(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(receiver);
        Arrivals.Take(stage, receiver.Receive, receiver.TryReceive, message => tally.Add(message.Span));
        stage.Report(tally, Share.All);
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var sender = await Sender.ConnectAsync(address, Patient);
        await stage.ReadyAsync(sender);
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            var message = Envelope.Pack(stage.Input, i, buffer);
            var start = Stopwatch.GetTimestamp();
            var delivery = sender.Deliver(message, cancellationToken: stage.Aborted);
            stage.Measure(Stopwatch.GetElapsedTime(start));
            if (!delivery.IsDelivered)
            {
                throw new ToolException(ExitCode.Failure, $"message {i}: {delivery}");
            }
        }

        await Closing.CompleteAsync(sender);
        stage.HasSent();
    }
}
