
namespace Fairlead.Cli.Tour.Patterns;

/// <summary>Type 1: the sender continues as soon as a message is buffered. The time is that from sending to arrival.</summary>
internal sealed class MessageScenario : TalkScenario
{
    public override string Name => "message";

    public override string Title => "1 message";

    public override bool IsOneWay => true;

    public override bool JoinersSend => true;

    public override async Task BindAsync(Stage stage, Address address)
    {
        await using var receiver = Receiver.Bind(address, Patient);
        using var tally = stage.NewTally();
        await stage.ReadyAsync(receiver);
        Arrivals.Take(
            stage,
            receiver.Receive,
            receiver.TryReceive,
            message => Arrivals.Count(stage, tally, message),
            isTold: TransportCatalog.CapabilitiesOf(address).HasFlag(TransportCapabilities.Duplex) && address.Scheme != "amqp");
        stage.Report(tally, Share.All);
    }

    public override async Task JoinAsync(Stage stage, Address address, int seat)
    {
        await using var sender = await Sender.ConnectAsync(address, Patient);
        await stage.ReadyAsync(sender);
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            sender.Send(Envelope.Pack(stage.Input, i, buffer), cancellationToken: stage.Aborted);
        }

        await Closing.CompleteAsync(sender);
        stage.HasSent();
    }
}
